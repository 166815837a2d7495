import { z } from 'zod';
import { fileName } from '../../storage/files.ts';
import type { StoredFile } from '../../storage/generated/client.ts';
import type { ApiContext } from '../context.ts';
import { openAiPageSchema } from '../http/openai-pagination.ts';

export const FILES_PATH = '/v1/files';
const FILE_ID = /^file-[0-9a-f]{32}$/;

/** What a caller may hand a file in for. */
const PURPOSES = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals'] as const;
const ALL_PURPOSES = [...PURPOSES, 'batch_output'] as const;

const MIN_EXPIRY_SECONDS = 3600;
const MAX_EXPIRY_SECONDS = 30 * 24 * 3600;

/** When a file goes, as OpenAI says it. */
export const expiresAfterSchema = z.object({
  anchor: z.literal('created_at'),
  seconds: z.coerce.number().int().min(MIN_EXPIRY_SECONDS).max(MAX_EXPIRY_SECONDS),
});

/** Text fields of the form, next to `file`. */
export const fileFieldsSchema = z.object({
  purpose: z.enum(PURPOSES),
  expires_after: expiresAfterSchema
    .optional()
    .describe('As the fields expires_after[anchor] and [seconds], or as one of JSON.'),
});

export const fileListQuerySchema = openAiPageSchema({ id: FILE_ID, maxLimit: 10_000, defaultLimit: 10_000 }).extend({
  purpose: z.enum(ALL_PURPOSES).optional(),
});

export const fileSchema = z
  .object({
    id: z.string(),
    object: z.literal('file'),
    bytes: z.number(),
    created_at: z.number().describe('Unix seconds.'),
    expires_at: z.number().describe('Unix seconds.'),
    filename: z.string(),
    purpose: z.enum(ALL_PURPOSES),
    status: z.literal('processed'),
    status_details: z.null(),
  })
  .meta({ id: 'File' });

export const deletedFileSchema = z.object({ id: z.string(), object: z.literal('file'), deleted: z.literal(true) });

export function renderFile({ keyring }: Pick<ApiContext, 'keyring'>, row: StoredFile): z.infer<typeof fileSchema> {
  return {
    id: row.id,
    object: 'file',
    bytes: Number(row.bytes),
    created_at: unixSeconds(row.createdAt),
    expires_at: unixSeconds(row.expiresAt),
    filename: fileName(keyring, row),
    purpose: z.enum(ALL_PURPOSES).parse(row.purpose),
    status: 'processed',
    status_details: null,
  };
}

export function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
