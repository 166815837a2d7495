import { z } from 'zod';
import { EXTRACTION_STAGES } from '../../contract/extraction-workflow.ts';
import { STRATEGIES } from '../../contract/strategies.ts';
import { ktpResultSchema } from '../../ktp/schema.ts';
import { reviewStateSchema } from '../reviews/review-state.ts';
import { webhookStateSchema } from '../webhooks/webhook-state.ts';

export const EXTRACTION_STATUSES = ['queued', 'running', 'needs_review', 'succeeded', 'failed', 'cancelled'] as const;
export type ExtractionStatus = (typeof EXTRACTION_STATUSES)[number];

/** Sent with every job that is not final. */
export const POLL_AFTER_SECONDS = 1;
/** The same while a person is waited for. */
export const POLL_REVIEW_AFTER_SECONDS = 30;

const time = z.iso.datetime();

export const jobSchema = z
  .object({
    id: z.string(),
    object: z.literal('ktp.extraction'),
    status: z.enum(EXTRACTION_STATUSES),
    stage: z.enum(EXTRACTION_STAGES).nullable(),
    progress: z.number().min(0).max(1),
    attempts: z.number().int().describe('Highest attempt of any step.'),
    created_at: time,
    started_at: time.nullable(),
    finished_at: time.nullable(),
    expires_at: time.describe('After this the extraction and its result are gone.'),
    strategy: z.enum(STRATEGIES),
    error: z.object({ code: z.string(), message: z.string(), type: z.string() }).nullable().describe('Why it failed.'),
    result: ktpResultSchema.nullable().describe('While status is needs_review: as it was read, not decided yet.'),
    results: z
      .array(ktpResultSchema)
      .nullable()
      .describe('With `options.cards: all` every card, row by row, `result` being the first; else null.'),
    usage: z
      .object({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() })
      .nullable()
      .describe('Tokens of the vision-language model, of all its calls; null where none was asked, or it told none.'),
    timings_ms: z
      .object({ prepare: z.number(), ocr: z.number(), generate: z.number(), assemble: z.number() })
      .nullable(),
    reference_id: z.string().nullable(),
    metadata: z.record(z.string(), z.string()).nullable(),
    webhook: webhookStateSchema,
    review: reviewStateSchema,
    links: z.object({ self: z.string(), events: z.string(), cancel: z.string() }),
  })
  .meta({ id: 'Extraction' });
export type ExtractionJob = z.infer<typeof jobSchema>;

export function isFinal(status: string): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled';
}
