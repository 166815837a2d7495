import { chatBatchWorkflowId } from '../../contract/chat-batch.ts';
import { OPEN_CHAT_BATCH } from '../../storage/chat-batches.ts';
import type { ChatBatch } from '../../storage/generated/client.ts';
import { isTemporalNotFound, isTemporalUnavailable } from '../../temporal-errors.ts';
import type { RouteContext } from '../context.ts';
import { mayStillStart } from '../intake/start-grace.ts';

const DEADLINE_MS = 3_000;

export function isOpen(row: ChatBatch): boolean {
  return OPEN_CHAT_BATCH.includes(row.status);
}

/**
 * The row as it is. Writes: where its workflow has ended silently (somebody terminated it) the row is failed here,
 * so that no batch stays open for ever.
 */
export async function settleChatBatch(
  context: Pick<RouteContext, 'database' | 'logger' | 'temporal'>,
  stale: ChatBatch,
): Promise<ChatBatch> {
  const { database, logger } = context;
  if (!isOpen(stale) || !(await hasEnded(context, stale.id))) return stale;
  const row = (await database.chatBatch.findUnique({ where: { id: stale.id } })) ?? stale;
  if (!isOpen(row) || mayStillStart(row)) return row;
  const message = 'The batch was cancelled externally.';
  await database.chatBatch.updateMany({
    where: { id: row.id, status: row.status },
    data: {
      status: row.status === 'cancelling' ? 'cancelled' : 'failed',
      finishedAt: new Date(),
      errors: [{ code: 'internal', message, param: null, line: null }],
    },
  });
  logger.warn('batch.settled', { batchId: row.id });
  return (await database.chatBatch.findUnique({ where: { id: row.id } })) ?? row;
}

/** While Temporal is down the row is all that is known. */
async function hasEnded({ temporal }: Pick<RouteContext, 'temporal'>, batchId: string): Promise<boolean> {
  try {
    const handle = temporal.workflow.getHandle(chatBatchWorkflowId(batchId));
    const { closeTime } = await temporal.withDeadline(Date.now() + DEADLINE_MS, () => handle.describe());
    return closeTime !== undefined;
  } catch (error) {
    if (isTemporalNotFound(error)) return true;
    if (isTemporalUnavailable(error)) return false;
    throw error;
  }
}
