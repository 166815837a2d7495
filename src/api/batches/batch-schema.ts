import { z } from 'zod';
import { BATCH_PRIORITIES } from '../../contract/batch-workflow.ts';
import { STRATEGIES } from '../../contract/strategies.ts';
import { EXTRACTION_STATUSES } from '../extractions/job-schema.ts';
import { webhookStateSchema } from '../webhooks/webhook-state.ts';

export const BATCH_STATUSES = [
  'validating',
  'running',
  'paused',
  'cancelling',
  'completed',
  'cancelled',
  'failed',
] as const;

/** Sent with every batch that is not final. */
export const POLL_AFTER_SECONDS = 2;

const time = z.iso.datetime();
const count = z.number().int().nonnegative();
const errorSchema = z.object({ code: z.string(), message: z.string(), retryable: z.boolean() });

export const batchSchema = z
  .object({
    id: z.string(),
    object: z.literal('ktp.batch'),
    status: z.enum(BATCH_STATUSES).describe('paused: nothing new is begun; what was being read is finished.'),
    counts: z
      .object({
        total: count,
        queued: count,
        running: count,
        needs_review: count
          .optional()
          .describe(
            'Of batches with options.review: read, and waiting for a person; the batch does not wait for them.',
          ),
        succeeded: count,
        failed: count,
        cancelled: count,
      })
      .describe('Counted from the items themselves: the parts always add up to the total.'),
    skipped: count.describe('Entries of the archive that are no items: folders, dot files, __MACOSX, Thumbs.db.'),
    created_at: time,
    started_at: time.nullable(),
    finished_at: time.nullable(),
    expires_at: time.describe('After this the batch and its results are gone.'),
    strategy: z.enum(STRATEGIES),
    priority: z.enum(BATCH_PRIORITIES),
    sealed: z.boolean().describe('false: items may be added, and the batch ends once it is sealed.'),
    source: z.enum(['images', 'archive', 'items']),
    run: z.number().int().describe('1, and one more with each retry.'),
    throughput: z.number().nullable().describe('Items a second in the current run; null before the first one.'),
    eta_seconds: z
      .number()
      .int()
      .nullable()
      .describe('Until the end at this throughput; null while unknown, 0 at the end.'),
    error: errorSchema.omit({ retryable: true }).nullable().describe('Why the batch as a whole failed.'),
    metadata: z.record(z.string(), z.string()).nullable(),
    webhook: webhookStateSchema,
    links: z.object({
      self: z.string(),
      items: z.string(),
      failures: z.string(),
      results: z.string(),
      events: z.string(),
      cancel: z.string(),
      pause: z.string(),
      resume: z.string(),
      seal: z.string(),
      retry: z.string(),
    }),
  })
  .meta({ id: 'Batch' });
export type BatchObject = z.infer<typeof batchSchema>;

export const itemSchema = z
  .object({
    index: count.describe('Place in the input, from 0.'),
    custom_id: z.string().nullable(),
    name: z.string().nullable().describe('File name, or path in the archive.'),
    status: z.enum(EXTRACTION_STATUSES),
    attempts: count.describe('Over all runs and retries.'),
    extraction_id: z.string(),
    error: errorSchema.nullable().describe('The last one; retry repeats those that are not retryable too.'),
    duplicate_of: count.nullable().describe('Index of the first item of the batch with the very same bytes.'),
    metadata: z.record(z.string(), z.string()).nullable(),
  })
  .meta({ id: 'BatchItem' });
export const failureSchema = errorSchema
  .extend({ count: count.describe('Failed items with this error.') })
  .meta({ id: 'BatchFailure' });
export type BatchItemObject = z.infer<typeof itemSchema>;

export function isFinalBatch(status: string): boolean {
  return status === 'completed' || status === 'cancelled' || status === 'failed';
}
