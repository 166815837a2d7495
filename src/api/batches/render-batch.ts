import { z } from 'zod';
import { BATCH_PRIORITIES } from '../../contract/batch-workflow.ts';
import { STRATEGIES } from '../../contract/strategies.ts';
import { requestContext } from '../../encryption/contexts.ts';
import { unsealJson } from '../../encryption/keyring.ts';
import type { ItemCounts } from '../../storage/batches.ts';
import type { Batch } from '../../storage/generated/client.ts';
import type { ApiContext } from '../context.ts';
import { runOptions, storedOptionsSchema } from '../extractions/stored-options.ts';
import type { WebhookState } from '../webhooks/webhook-state.ts';
import { BATCH_STATUSES, type BatchObject, isFinalBatch } from './batch-schema.ts';
import type { BatchProgress } from './progress.ts';

export const BATCHES_PATH = '/v1/ktp/batches';

const storedBatchSchema = storedOptionsSchema.extend({
  strategy: z.enum(STRATEGIES),
  priority: z.enum(BATCH_PRIORITIES).default('normal'),
});
const sealedBatchSchema = z.object({ metadata: z.record(z.string(), z.string()).nullable() });
const statusSchema = z.enum(BATCH_STATUSES);
const sourceSchema = z.enum(['images', 'archive', 'items']);

export function optionsOf(row: Batch) {
  const { priority, strategy, ...stored } = storedBatchSchema.parse(row.options);
  return { strategy, priority, ...runOptions(stored) };
}

/** The batch object of a row, with the workflow's progress while it is open. Reads nothing but its arguments. */
export function renderBatch(
  context: Pick<ApiContext, 'keyring'>,
  row: Batch,
  counted: ItemCounts | undefined,
  progress: BatchProgress | undefined,
  webhook: WebhookState,
): BatchObject {
  const {
    queued = 0,
    needsReview = 0,
    succeeded = 0,
    failed = 0,
    cancelled = 0,
    total = 0,
    finishedInRun = 0,
  } = counted ?? {};
  const running = progress?.workflow === 'open' ? Math.min(progress.reading.size, queued) : 0;
  const dataKey = context.keyring.unwrapDataKey(row.wrappedKey);
  const request = row.sealedRequest
    ? sealedBatchSchema.parse(unsealJson(dataKey, row.sealedRequest, requestContext(row.id)))
    : { metadata: null };
  const final = isFinalBatch(row.status);
  const options = optionsOf(row);
  const waiting = options.review && { needs_review: needsReview };
  const throughput = throughputOf(row, finishedInRun);
  const goesOn = row.status !== 'paused' && throughput !== null;
  const self = `${BATCHES_PATH}/${row.id}`;
  return {
    id: row.id,
    object: 'ktp.batch',
    status: statusSchema.parse(row.status),
    counts: { total, queued: queued - running, running, ...waiting, succeeded, failed, cancelled },
    skipped: row.skipped,
    created_at: row.createdAt.toISOString(),
    started_at: row.startedAt?.toISOString() ?? null,
    finished_at: row.finishedAt?.toISOString() ?? null,
    expires_at: row.expiresAt.toISOString(),
    strategy: options.strategy,
    priority: options.priority,
    sealed: row.sealed,
    source: sourceSchema.parse(row.source),
    run: row.run,
    throughput,
    eta_seconds: final ? 0 : goesOn ? Math.ceil(queued / throughput) : null,
    error: row.errorCode ? { code: row.errorCode, message: row.errorMessage ?? 'The batch failed.' } : null,
    metadata: request.metadata,
    webhook,
    links: {
      self,
      items: `${self}/items`,
      failures: `${self}/failures`,
      results: `${self}/results`,
      events: `${self}/events`,
      cancel: `${self}/cancel`,
      pause: `${self}/pause`,
      resume: `${self}/resume`,
      seal: `${self}/seal`,
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
