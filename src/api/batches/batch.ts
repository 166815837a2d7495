import { z } from 'zod';
import { STRATEGIES } from '../../contract/strategies.ts';
import { requestContext } from '../../encryption/contexts.ts';
import { unsealJson } from '../../encryption/keyring.ts';
import { KtpflowError } from '../../errors.ts';
import { countItems, type ItemCounts } from '../../storage/batches.ts';
import type { Batch } from '../../storage/generated/client.ts';
import type { RouteContext } from '../context.ts';
import { BATCH_STATUSES, type BatchObject, isFinalBatch } from './batch-schema.ts';
import { type BatchProgress, batchProgress } from './progress.ts';

export const BATCHES_PATH = '/v1/ktp/batches';

/** A row that never got its run, from an API process that died in between, is failed after this. */
const START_GRACE_MS = 60_000;

const storedOptionsSchema = z.object({
  strategy: z.enum(STRATEGIES),
  reject_low_quality: z.boolean(),
  store_image: z.boolean(),
});
const sealedBatchSchema = z.object({ metadata: z.record(z.string(), z.string()).nullable() });
const statusSchema = z.enum(BATCH_STATUSES);
const sourceSchema = z.enum(['images', 'archive', 'items']);

export function optionsOf(row: Batch) {
  const { strategy, reject_low_quality, store_image } = storedOptionsSchema.parse(row.options);
  return { strategy, rejectLowQuality: reject_low_quality, storeImage: store_image };
}

/** The tenant's row. @throws KtpflowError not_found, for somebody else's and expired ones too */
export async function findBatch(context: RouteContext, tenant: string, id: string): Promise<Batch> {
  const row = await context.database.batch.findFirst({ where: { id, tenant, expiresAt: { gt: new Date() } } });
  if (!row) throw new KtpflowError('not_found', 'There is no such batch.');
  return row;
}

/** The batch object of a row, with the workflow's progress while it is not final. */
export async function batchOf(context: RouteContext, row: Batch): Promise<BatchObject> {
  const [rendered] = await batchesOf(context, [row]);
  if (!rendered) throw new Error('one row gives one object');
  return rendered;
}

export async function batchesOf(context: RouteContext, rows: readonly Batch[]): Promise<BatchObject[]> {
  const settled = await Promise.all(rows.map((row) => withProgress(context, row)));
  const counts = await countItems(
    context.database,
    rows.map((row) => row.id),
  );
  return settled.map(({ row, progress }) => render(context, row, counts.get(row.id), progress));
}

async function withProgress(
  context: RouteContext,
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
async function settle(context: RouteContext, stale: Batch, workflow: 'missing' | 'closed' | 'cancelled') {
  const { database, logger } = context;
  const row = (await database.batch.findUnique({ where: { id: stale.id } })) ?? stale;
  const starting = workflow === 'missing' && Date.now() - row.createdAt.getTime() < START_GRACE_MS;
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
        ...(cancelled
          ? { status: 'cancelled' }
          : { status: 'failed', errorCode: 'internal', errorMessage: 'The batch ended without all of its results.' }),
      },
    }),
  ]);
  logger.warn('batch.settled', { batchId: row.id });
  return (await database.batch.findUnique({ where: { id: row.id } })) ?? row;
}

function render(
  context: RouteContext,
  row: Batch,
  counted: ItemCounts | undefined,
  progress: BatchProgress | undefined,
): BatchObject {
  const { queued = 0, succeeded = 0, failed = 0, cancelled = 0, total = 0, finishedInRun = 0 } = counted ?? {};
  const running = progress?.workflow === 'open' ? Math.min(progress.reading.size, queued) : 0;
  const dataKey = context.keyring.unwrapDataKey(row.wrappedKey);
  const request = row.sealedRequest
    ? sealedBatchSchema.parse(unsealJson(dataKey, row.sealedRequest, requestContext(row.id)))
    : { metadata: null };
  const final = isFinalBatch(row.status);
  const throughput = throughputOf(row, finishedInRun);
  const self = `${BATCHES_PATH}/${row.id}`;
  return {
    id: row.id,
    object: 'ktp.batch',
    status: statusSchema.parse(row.status),
    counts: { total, queued: queued - running, running, succeeded, failed, cancelled },
    skipped: row.skipped,
    created_at: row.createdAt.toISOString(),
    started_at: row.startedAt?.toISOString() ?? null,
    finished_at: row.finishedAt?.toISOString() ?? null,
    expires_at: row.expiresAt.toISOString(),
    strategy: optionsOf(row).strategy,
    source: sourceSchema.parse(row.source),
    run: row.run,
    throughput,
    eta_seconds: final ? 0 : throughput === null ? null : Math.ceil(queued / throughput),
    error: row.errorCode ? { code: row.errorCode, message: row.errorMessage ?? 'The batch failed.' } : null,
    metadata: request.metadata,
    links: {
      self,
      items: `${self}/items`,
      results: `${self}/results`,
      events: `${self}/events`,
      cancel: `${self}/cancel`,
      retry: `${self}/retry`,
    },
  };
}

/** Items a second since the run began, to three digits. */
function throughputOf(row: Batch, finished: number): number | null {
  if (!row.runStartedAt || finished === 0) return null;
  const seconds = ((row.finishedAt ?? new Date()).getTime() - row.runStartedAt.getTime()) / 1000;
  return seconds > 0 ? Number((finished / seconds).toPrecision(3)) : null;
}
