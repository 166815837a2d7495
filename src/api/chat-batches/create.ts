import { availableParallelism } from 'node:os';
import { CHAT_BATCH_WORKFLOW, type ChatBatchInput, chatBatchWorkflowId } from '../../contract/chat-batch.ts';
import { BATCH_PRIORITY } from '../../contract/task-queues.ts';
import { requestContext } from '../../encryption/contexts.ts';
import { sealJson } from '../../encryption/keyring.ts';
import { KtpflowError } from '../../errors.ts';
import { findFile } from '../../storage/files.ts';
import type { ChatBatch } from '../../storage/generated/client.ts';
import { orderedId } from '../../storage/ordered-id.ts';
import { accessLogRow } from '../access/access-log.ts';
import type { Caller } from '../access/caller.ts';
import type { RouteContext } from '../context.ts';
import { checkSameRequest, createOrRepeat, type Idempotency } from '../intake/idempotency.ts';
import { type Startable, startedWithoutRow, startOnce } from '../intake/start-once.ts';
import { startWorkflow } from '../intake/start-workflow.ts';
import { type CreateChatBatch, windowSeconds } from './schemas.ts';

const DAY_SECONDS = 24 * 60 * 60;
/** A line makes about seven events of its batch's history. */
const HISTORY_LIMIT = 3_000;
/** Lines at once for each core of this machine, as for cards of a batch. */
const WINDOW_PER_SLOT = 4;

export interface NewChatBatch {
  readonly caller: Caller;
  readonly loggedId: string;
  readonly body: CreateChatBatch;
  readonly idempotency: Idempotency | undefined;
}

/**
 * Row first, then the workflow under an id made from it (docs/start-once.md).
 * @returns the batch's id
 * @throws KtpflowError not_found, invalid_value, idempotency_mismatch; errors of the database and the Temporal client
 */
export function createChatBatch(context: RouteContext, request: NewChatBatch): Promise<string> {
  const { idempotency } = request;
  const create = () => insertAndStart(context, request);
  if (!idempotency) return create();
  const find = () => findRepeated(context, idempotency);
  return createOrRepeat({ find, create, discard: async () => {} });
}

async function insertAndStart(context: RouteContext, request: NewChatBatch): Promise<string> {
  const what = startable(context, await insertRow(context, request));
  await startOnce(context, what);
  await what.accept();
  return what.id;
}

async function insertRow(context: RouteContext, { body, caller, idempotency, loggedId }: NewChatBatch) {
  const { config, database, keyring } = context;
  const file = await findFile(database, caller.tenant, body.input_file_id, 'input_file_id');
  if (file.purpose !== 'batch') {
    throw new KtpflowError('invalid_value', 'The file must have been handed in for the purpose "batch".', {
      param: 'input_file_id',
    });
  }
  const createdAt = new Date();
  const id = orderedId('batch_', createdAt);
  const key = keyring.createDataKey();
  const deadline = new Date(createdAt.getTime() + windowSeconds(body.completion_window) * 1000);
  const keptSeconds = config.FILES_RETENTION_DAYS * DAY_SECONDS;
  const row = database.chatBatch.create({
    data: {
      id,
      tenant: caller.tenant,
      endpoint: body.endpoint,
      window: body.completion_window,
      deadline,
      inputFileId: file.id,
      outputSeconds: body.output_expires_after?.seconds ?? keptSeconds,
      wrappedKey: key.wrappedKey,
      sealedRequest: sealJson(key.dataKey, { metadata: body.metadata ?? null }, requestContext(id)),
      createdAt,
      expiresAt: new Date(deadline.getTime() + keptSeconds * 1000),
      ...idempotency,
    },
  });
  const access = accessLogRow({ caller, action: 'chat_batch.create', subject: id, requestId: loggedId });
  // Lines are read from the file when their turn comes.
  const keepFile = database.storedFile.updateMany({
    where: { id: file.id, expiresAt: { lt: deadline } },
    data: { expiresAt: deadline },
  });
  const [inserted] = await database.$transaction([row, database.accessLogEntry.create({ data: access }), keepFile]);
  return inserted;
}

/** A batch's part in the start-once protocol. */
function startable(context: RouteContext, row: ChatBatch): Startable & { readonly id: string } {
  const { config, database } = context;
  const { id } = row;
  const input: ChatBatchInput = {
    batchId: id,
    deadline: row.deadline.getTime(),
    window: config.BATCH_WINDOW || WINDOW_PER_SLOT * availableParallelism(),
    historyLimit: HISTORY_LIMIT,
    after: null,
  };
  const workflowId = chatBatchWorkflowId(id);
  return {
    id,
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

/** The batch made under the same key; one whose first request died before the start is started now. */
async function findRepeated(context: RouteContext, asked: Idempotency): Promise<string | undefined> {
  const { database } = context;
  const { idempotencyHash } = asked;
  // One that is past its expiry frees its key.
  await database.chatBatch.deleteMany({ where: { idempotencyHash, expiresAt: { lte: new Date() } } });
  const row = await database.chatBatch.findUnique({ where: { idempotencyHash } });
  if (!row) return undefined;
  checkSameRequest(row, asked);
  if (row.acceptedAt === null && row.status === 'validating') {
    const what = startable(context, row);
    await startOnce(context, what);
    await what.accept();
  }
  return row.id;
}
