import { countItems } from '../../storage/batches.ts';
import type { Batch } from '../../storage/generated/client.ts';
import type { ApiContext } from '../context.ts';
import { mayStillStart } from '../intake/start-grace.ts';
import { webhookStates } from '../webhooks/webhook-state.ts';
import { type BatchObject, isFinalBatch } from './batch-schema.ts';
import { type BatchProgress, batchProgress } from './progress.ts';
import { renderBatch } from './render-batch.ts';
import type { SharedCounts } from './shared-counts.ts';

type SettleContext = Pick<ApiContext, 'database' | 'keyring' | 'logger' | 'temporal'>;

/**
 * The batch object of a row, with the workflow's progress while it is not final. Writes: a row whose workflow has ended
 * silently is settled first.
 */
export async function settleBatch(context: SettleContext, row: Batch): Promise<BatchObject> {
  const [rendered] = await settleBatches(context, [row]);
  if (!rendered) throw new Error('one row gives one object');
  return rendered;
}

export async function settleBatches(context: SettleContext, rows: readonly Batch[]): Promise<BatchObject[]> {
  const settled = await Promise.all(rows.map((row) => withProgress(context, row)));
  const counts = await countItems(
    context.database,
    rows.map((row) => row.id),
  );
  const webhooks = await webhookStates(context.database, rows);
  return settled.map(({ row, progress }) =>
    renderBatch(context, row, counts.get(row.id), progress, webhooks.get(row.id) ?? null),
  );
}

/** As settleBatch, for those who watch: while the batch is open its counts may be a moment old. */
export async function settleWatched(context: SettleContext, row: Batch, shared: SharedCounts): Promise<BatchObject> {
  if (isFinalBatch(row.status)) return settleBatch(context, row);
  const settled = await withProgress(context, row);
  if (isFinalBatch(settled.row.status)) return settleBatch(context, settled.row);
  const webhook = (await webhookStates(context.database, [row])).get(row.id) ?? null;
  return renderBatch(context, settled.row, await shared.of(row.id), settled.progress, webhook);
}

async function withProgress(
  context: SettleContext,
  row: Batch,
): Promise<{ row: Batch; progress: BatchProgress | undefined }> {
  if (isFinalBatch(row.status)) return { row, progress: undefined };
  const progress = await batchProgress(context.temporal, row.id);
  if (progress.workflow === 'open' || progress.workflow === 'unknown') return { row, progress };
  return { row: await settle(context, row, progress.workflow), progress: undefined };
}

/**
 * The workflow has ended, or never began, and the row says nothing of it: the row was read before the end, or nobody
 * was left to write it. Then it is written here, so that no batch stays open for ever.
 */
async function settle(context: SettleContext, stale: Batch, workflow: 'missing' | 'closed' | 'cancelled') {
  const { database, logger } = context;
  const row = (await database.batch.findUnique({ where: { id: stale.id } })) ?? stale;
  const starting = workflow === 'missing' && mayStillStart(row);
  if (isFinalBatch(row.status) || row.run !== stale.run || starting) return row;
  const finishedAt = new Date();
  const cancelled = workflow === 'cancelled' || row.status === 'cancelling';
  await database.$transaction([
    database.extraction.updateMany({
      where: { batchId: row.id, status: 'queued' },
      data: { status: 'cancelled', finishedAt },
    }),
    database.batch.updateMany({
      where: { id: row.id, run: row.run, status: row.status },
      data: {
        finishedAt,
        sealed: true,
        ...(cancelled
          ? { status: 'cancelled' }
          : { status: 'failed', errorCode: 'internal', errorMessage: 'The batch ended without all of its results.' }),
      },
    }),
  ]);
  logger.warn('batch.settled', { batchId: row.id });
  return (await database.batch.findUnique({ where: { id: row.id } })) ?? row;
}
