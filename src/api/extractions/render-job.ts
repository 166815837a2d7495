import { z } from 'zod';
import { STRATEGIES } from '../../contract/strategies.ts';
import { requestContext, resultContext } from '../../encryption/contexts.ts';
import { unsealJson } from '../../encryption/keyring.ts';
import { isErrorCode, KtpflowError } from '../../errors.ts';
import { ktpResultSchema, type ParsedKtpResult } from '../../ktp/schema.ts';
import type { Extraction } from '../../storage/generated/client.ts';
import type { ApiContext } from '../context.ts';
import type { ReviewState } from '../reviews/review-state.ts';
import type { WebhookState } from '../webhooks/webhook-state.ts';
import { EXTRACTION_STATUSES, type ExtractionJob, isFinal, jobSchema } from './job-schema.ts';
import type { OpenProgress } from './progress.ts';

type RenderContext = Pick<ApiContext, 'keyring'>;

/** What the caller wrote about the card, sealed in the row. */
export const sealedRequestSchema = z.object({
  reference_id: z.string().nullable(),
  metadata: z.record(z.string(), z.string()).nullable(),
});

const timingsSchema = jobSchema.shape.timings_ms.unwrap();
const usageSchema = jobSchema.shape.usage.unwrap().omit({ total_tokens: true });
const allCardsSchema = z.object({ cards: z.literal('all') });
const statusSchema = z.enum(EXTRACTION_STATUSES);
const strategySchema = z.enum(STRATEGIES);

/** The job object of a row, with the workflow's progress while it is open. Reads nothing but its arguments. */
export function renderJob(
  context: RenderContext,
  row: Extraction,
  progress: OpenProgress | undefined,
  webhook: WebhookState,
  review: ReviewState = null,
): ExtractionJob {
  const dataKey = context.keyring.unwrapDataKey(row.wrappedKey);
  const request = row.sealedRequest
    ? sealedRequestSchema.parse(unsealJson(dataKey, row.sealedRequest, requestContext(row.id)))
    : { reference_id: null, metadata: null };
  const stored = statusSchema.parse(row.status);
  const result = resultOf(context, row);
  const self = `/v1/ktp/extractions/${row.id}`;
  return {
    id: row.id,
    object: 'ktp.extraction',
    status: stored === 'queued' && progress?.running ? 'running' : stored,
    stage: progress?.stage ?? null,
    progress: isFinal(stored) || stored === 'needs_review' ? 1 : (progress?.fraction ?? 0),
    attempts: Math.max(row.attempts, progress?.attempt ?? 0),
    created_at: row.createdAt.toISOString(),
    started_at: (row.startedAt ?? progress?.startedAt ?? null)?.toISOString() ?? null,
    finished_at: row.finishedAt?.toISOString() ?? null,
    expires_at: row.expiresAt.toISOString(),
    strategy: strategySchema.parse(row.strategy),
    error: row.errorCode ? { ...errorOf(row) } : null,
    result,
    results: resultsOf(context, row, result),
    usage: usageOf(row),
    timings_ms: row.timings === null ? null : timingsSchema.parse(row.timings),
    reference_id: request.reference_id,
    metadata: request.metadata,
    webhook,
    review,
    links: { self, events: `${self}/events`, cancel: `${self}/cancel` },
  };
}

/** The result of a succeeded extraction, opened with its own key; null else. */
export function resultOf(context: RenderContext, row: Extraction): ParsedKtpResult | null {
  if (!row.sealedResult) return null;
  const dataKey = context.keyring.unwrapDataKey(row.wrappedKey);
  return ktpResultSchema.parse(unsealJson(dataKey, row.sealedResult, resultContext(row.id)));
}

/** The job without what was read, for answers that are no reading of a card, and no line of the access log. */
export function withoutResults(job: ExtractionJob): ExtractionJob {
  return { ...job, result: null, results: null };
}

/** All cards of a succeeded extraction that was asked for all; null else. */
function resultsOf(context: RenderContext, row: Extraction, first: ParsedKtpResult | null): ParsedKtpResult[] | null {
  if (!first || !allCardsSchema.safeParse(row.options).success) return null;
  const dataKey = context.keyring.unwrapDataKey(row.wrappedKey);
  const others = row.sealedOthers.map((sealed) => unsealJson(dataKey, sealed, resultContext(row.id)));
  return [first, ...others.map((other) => ktpResultSchema.parse(other))];
}

function usageOf({ usage }: Extraction): ExtractionJob['usage'] {
  if (usage === null) return null;
  const { completion_tokens, prompt_tokens } = usageSchema.parse(usage);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

/** Why an extraction has failed, as its job and the synchronous endpoints tell it. */
export function failureOf(row: Extraction): KtpflowError {
  const code = row.errorCode && isErrorCode(row.errorCode) ? row.errorCode : 'internal';
  return new KtpflowError(code, row.errorMessage ?? 'The extraction failed.', { retryable: false });
}

function errorOf(row: Extraction) {
  const { code, message, type } = failureOf(row);
  return { code, message, type };
}
