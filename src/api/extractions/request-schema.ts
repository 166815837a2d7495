import { z } from 'zod';
import { flagSchema } from '../http/flag-query.ts';
import { optionsSchema } from './options.ts';

export const imageUrlSchema = z.union([z.string(), z.object({ url: z.string() })]);

/** JSON body of POST /v1/ktp/extractions. `null` means absent; exactly one image is wanted. */
export const createBodySchema = z
  .object({
    image_url: imageUrlSchema.nullish().describe('http(s) URL of a public address, or a data URL.'),
    image_base64: z.string().nullish().describe('Base64 of the file; a data URL is taken too.'),
    file_id: z.string().nullish().describe('An image that was handed in at /v1/files.'),
    options: optionsSchema.nullish(),
  })
  .meta({ id: 'ExtractionRequest' });
export type CreateBody = z.infer<typeof createBodySchema>;

export const idempotencyHeaderSchema = z.object({
  'idempotency-key': z
    .string()
    .optional()
    .describe('The same key and request give the same answer again; another request under it is 422.'),
});

const MAX_WAIT_SECONDS = 60;

/**
 * `?wait=N`: seconds to wait for a final state, 0 where it is absent; above 60 it is 60, and so is `?wait` without a
 * number.
 */
export const waitSchema = z
  .string()
  .regex(/^(\d{1,9}(\.\d+)?)?$/, 'Must be a number of seconds.')
  .transform((text) => (text === '' ? MAX_WAIT_SECONDS : Math.min(Number(text), MAX_WAIT_SECONDS)))
  .optional()
  .transform((seconds) => seconds ?? 0);

export const waitQuerySchema = z.object({
  wait: waitSchema.describe(`Seconds to wait for a final state, at most ${MAX_WAIT_SECONDS}.`),
});

export const jobQuerySchema = waitQuerySchema.extend({
  masked: flagSchema.describe(
    '1: values are masked, the NIK but for its last four digits. The access log tells both kinds apart.',
  ),
});
