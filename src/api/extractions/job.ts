import { z } from 'zod';
import { STRATEGIES } from '../../contract/strategies.ts';
import { requestContext, resultContext } from '../../encryption/contexts.ts';
import { unsealJson } from '../../encryption/keyring.ts';
import { isErrorCode, KtpflowError } from '../../errors.ts';
import { type KtpResult, ktpResultSchema } from '../../ktp/schema.ts';
import type { Extraction } from '../../storage/generated/client.ts';
import { batchProgress } from '../batches/progress.ts';
import type { RouteContext } from '../context.ts';
import { EXTRACTION_STATUSES, type ExtractionJob, isFinal, jobSchema } from './job-schema.ts';
import { type ExtractionProgress, progressOf } from './progress.ts';

/** What the caller wrote about the card, sealed in the row. */
export const sealedRequestSchema = z.object({
  reference_id: z.string().nullable(),
  metadata: z.record(z.string(), z.string()).nullable(),
});

const timingsSchema = jobSchema.shape.timings_ms.unwrap();
const statusSchema = z.enum(EXTRACTION_STATUSES);
const strategySchema = z.enum(STRATEGIES);

/** A row that never got its run, from an API process that died in between, is failed after this. */
const START_GRACE_MS = 60_000;

/** The tenant's row. @throws KtpflowError not_found, for somebody else's and expired ones too */
export async function findExtraction(context: RouteContext, tenant: string, id: string): Promise<Extraction> {
  const row = await context.database.extraction.findFirst({ where: { id, tenant, expiresAt: { gt: new Date() } } });
  if (!row) throw new KtpflowError('not_found', 'There is no such extraction.');
  return row;
}

/** The job object of a row, with the workflow's progress while it is not final. */
export async function jobOf(context: RouteContext, row: Extraction): Promise<ExtractionJob> {
  if (isFinal(row.status)) return render(context, row, undefined);
  if (row.batchId !== null) return render(context, row, await itemProgress(context, row.batchId, row.id));
  const progress = await progressOf(context.temporal, row.id);
  if (progress.workflow === 'open') return render(context, row, progress);
  return render(context, await settle(context, row, progress.workflow), undefined);
}

/** An item of a batch has no workflow of its own; whether the batch has ended is the batch's to settle. */
async function itemProgress(context: RouteContext, batchId: string, id: string) {
  const batch = await batchProgress(context.temporal, batchId);
  const attempt = batch.workflow === 'open' ? batch.reading.get(id) : undefined;
  if (attempt === undefined) return undefined;
  return { workflow: 'open', running: true, stage: 'reading', fraction: 0, attempt, startedAt: null } as const;
}

/**
 * The workflow has ended, or never began, and the row says nothing of it: the row was read before the end, or nobody
 * was left to write it. Then it is written here, so that no job stays open for ever.
 */
async function settle(context: RouteContext, stale: Extraction, workflow: 'missing' | 'closed' | 'cancelled') {
  const row = (await context.database.extraction.findUnique({ where: { id: stale.id } })) ?? stale;
  const starting = workflow === 'missing' && Date.now() - row.createdAt.getTime() < START_GRACE_MS;
  if (isFinal(row.status) || starting) return row;
  const failed = {
    status: 'failed',
    errorCode: 'internal',
    errorMessage: 'The extraction ended without a result.',
  };
  await context.database.extraction.updateMany({
    where: { id: row.id, status: row.status },
    data: { finishedAt: new Date(), ...(workflow === 'cancelled' ? { status: 'cancelled' } : failed) },
  });
  context.logger.warn('extraction.settled', { extractionId: row.id });
  return (await context.database.extraction.findUnique({ where: { id: row.id } })) ?? row;
}

function render(
  context: RouteContext,
  row: Extraction,
  progress: Extract<ExtractionProgress, { workflow: 'open' }> | undefined,
): ExtractionJob {
  const dataKey = context.keyring.unwrapDataKey(row.wrappedKey);
  const request = row.sealedRequest
    ? sealedRequestSchema.parse(unsealJson(dataKey, row.sealedRequest, requestContext(row.id)))
    : { reference_id: null, metadata: null };
  const stored = statusSchema.parse(row.status);
  const self = `/v1/ktp/extractions/${row.id}`;
  return {
    id: row.id,
    object: 'ktp.extraction',
    status: stored === 'queued' && progress?.running ? 'running' : stored,
    stage: progress?.stage ?? null,
    progress: isFinal(stored) ? 1 : (progress?.fraction ?? 0),
    attempts: Math.max(row.attempts, progress?.attempt ?? 0),
    created_at: row.createdAt.toISOString(),
    started_at: (row.startedAt ?? progress?.startedAt ?? null)?.toISOString() ?? null,
    finished_at: row.finishedAt?.toISOString() ?? null,
    expires_at: row.expiresAt.toISOString(),
    strategy: strategySchema.parse(row.strategy),
    error: row.errorCode ? { ...errorOf(row) } : null,
    result: resultOf(context, row),
    usage: null,
    timings_ms: row.timings === null ? null : timingsSchema.parse(row.timings),
    reference_id: request.reference_id,
    metadata: request.metadata,
    links: { self, events: `${self}/events`, cancel: `${self}/cancel` },
  };
}

/** The result of a succeeded extraction, opened with its own key; null else. */
export function resultOf(context: RouteContext, row: Extraction): KtpResult | null {
  if (!row.sealedResult) return null;
  const dataKey = context.keyring.unwrapDataKey(row.wrappedKey);
  return ktpResultSchema.parse(unsealJson(dataKey, row.sealedResult, resultContext(row.id)));
}

/** Why an extraction has failed, as its job and the synchronous roads tell it. */
export function failureOf(row: Extraction): KtpflowError {
  const code = row.errorCode && isErrorCode(row.errorCode) ? row.errorCode : 'internal';
  return new KtpflowError(code, row.errorMessage ?? 'The extraction failed.', { retryable: false });
}

function errorOf(row: Extraction) {
  const { code, message, type } = failureOf(row);
  return { code, message, type };
}
