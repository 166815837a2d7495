import { z } from 'zod';
import { metadataSchema } from '../extractions/options.ts';
import { expiresAfterSchema } from '../files/schemas.ts';
import { openAiPageSchema } from '../http/openai-pagination.ts';

export const CHAT_BATCHES_PATH = '/v1/batches';
const BATCH_ID = /^batch_[0-9a-f]{32}$/;

export const CHAT_BATCH_STATUSES = [
  'validating',
  'in_progress',
  'finalizing',
  'completed',
  'failed',
  'expired',
  'cancelling',
  'cancelled',
] as const;

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const MAX_WINDOW_SECONDS = 30 * 86_400;

/** Seconds of a completion window such as `24h`. */
export function windowSeconds(window: string): number {
  return Number(window.slice(0, -1)) * (UNIT_SECONDS[window.slice(-1)] ?? 0);
}

/** JSON body of POST /v1/batches. */
export const createChatBatchSchema = z
  .object({
    input_file_id: z.string().min(1).max(128).describe('A file of the purpose `batch`: JSON Lines of requests.'),
    endpoint: z.enum(['/v1/chat/completions', '/v1/responses']),
    completion_window: z
      .string()
      .regex(/^[1-9]\d{0,5}[smhd]$/, 'Must be a number and one of s, m, h, d.')
      .refine((window) => windowSeconds(window) <= MAX_WINDOW_SECONDS, 'Must be at most 30 days.')
      .describe('24h, as OpenAI has it; shorter and longer ones are taken too, up to 30d.'),
    metadata: metadataSchema.nullish(),
    output_expires_after: expiresAfterSchema.nullish().describe('Default: as files without one.'),
  })
  .meta({ id: 'ChatBatchRequest' });
export type CreateChatBatch = z.infer<typeof createChatBatchSchema>;

export const chatBatchListQuerySchema = openAiPageSchema({ id: BATCH_ID, maxLimit: 100, defaultLimit: 20 }).omit({
  order: true,
});

export const batchErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  param: z.string().nullable(),
  line: z.number().nullable().describe('From 1.'),
});

const seconds = z.number().nullable();
export const countsSchema = z.object({ total: z.number(), completed: z.number(), failed: z.number() });
export const usageSchema = z.object({
  input_tokens: z.number(),
  input_tokens_details: z.object({ cached_tokens: z.number() }),
  output_tokens: z.number(),
  output_tokens_details: z.object({ reasoning_tokens: z.number() }),
  total_tokens: z.number(),
});

export const chatBatchSchema = z
  .object({
    id: z.string(),
    object: z.literal('batch'),
    endpoint: z.string(),
    errors: z.object({ object: z.literal('list'), data: z.array(batchErrorSchema) }).nullable(),
    input_file_id: z.string(),
    completion_window: z.string(),
    status: z.enum(CHAT_BATCH_STATUSES),
    output_file_id: z.string().nullable(),
    error_file_id: z.string().nullable(),
    created_at: z.number().describe('Unix seconds, as all times.'),
    in_progress_at: seconds,
    expires_at: z.number().describe('When the completion window ends.'),
    finalizing_at: seconds,
    completed_at: seconds,
    failed_at: seconds,
    expired_at: seconds,
    cancelling_at: seconds,
    cancelled_at: seconds,
    request_counts: countsSchema,
    usage: usageSchema.nullable(),
    metadata: z.record(z.string(), z.string()).nullable(),
  })
  .meta({ id: 'ChatBatch' });
export type ChatBatchObject = z.infer<typeof chatBatchSchema>;
