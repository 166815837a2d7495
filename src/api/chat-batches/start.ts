import { availableParallelism } from 'node:os';
import { CHAT_BATCH_WORKFLOW, type ChatBatchInput, chatBatchWorkflowId } from '../../contract/chat-batch.ts';
import { BATCH_PRIORITY } from '../../contract/task-queues.ts';
import type { ChatBatch } from '../../storage/generated/client.ts';
import type { ApiContext } from '../context.ts';
import { type Startable, startedWithoutRow } from '../intake/start-once.ts';
import { startWorkflow } from '../intake/start-workflow.ts';

/** A line makes about seven events of its batch's history. */
const HISTORY_LIMIT = 3_000;
/** Lines at once for each core of this machine, as for cards of a batch. */
const WINDOW_PER_SLOT = 4;

export type StartContext = Pick<ApiContext, 'config' | 'database' | 'keyring' | 'logger' | 'temporal' | 'workerClient'>;

/** A batch's part in the start-once protocol, made of nothing but its row. */
export function startableChatBatch(context: StartContext, row: ChatBatch): Startable {
  const { config, database } = context;
  const { id } = row;
  const workflowId = chatBatchWorkflowId(id);
  const input: ChatBatchInput = {
    batchId: id,
    deadline: row.deadline.getTime(),
    window: config.BATCH_WINDOW || WINDOW_PER_SLOT * availableParallelism(),
    historyLimit: HISTORY_LIMIT,
    after: null,
  };
  return {
    workflowId,
    start: () =>
      startWorkflow(context, CHAT_BATCH_WORKFLOW, {
        workflowId,
        requestId: id,
        input,
        tenant: row.tenant,
        priorityKey: BATCH_PRIORITY,
        workflowTaskTimeout: '10 seconds',
        mayFollowAnother: false,
      }),
    accept: async () => {
      const { count } = await database.chatBatch.updateMany({ where: { id }, data: { acceptedAt: new Date() } });
      if (count === 0) throw startedWithoutRow();
    },
    discard: async () => {
      await database.chatBatch.deleteMany({ where: { id, acceptedAt: null } });
    },
  };
}
