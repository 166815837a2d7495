import { createHash } from 'node:crypto';
import { FormData } from 'undici';
import type { z } from 'zod';
import type { ApiClient } from '../api-client.ts';
import { isFinal } from '../batch-schema.ts';
import type { BatchOptions } from '../sources/batch-body.ts';

export const EXTRACTIONS_PATH = '/v1/ktp/extractions';

export interface Card {
  readonly bytes: Buffer;
  readonly name: string;
  readonly options: BatchOptions;
}

/**
 * Has a card read, once for its content and options, whoever asks how often: the same bytes under the same options are
 * the same extraction for as long as the server keeps it. One that waits for a person has been read.
 * @throws ApiError, CliError; the signal's reason once it is aborted
 */
export async function extractOnce<Schema extends z.ZodType<{ id: string; status: string }>>(
  api: ApiClient,
  { bytes, name, options }: Card,
  schema: Schema,
  signal: AbortSignal,
): Promise<z.infer<Schema>> {
  const text = JSON.stringify(options);
  const idempotencyKey = `content-${createHash('sha256').update(text).update('\0').update(bytes).digest('hex')}`;
  const form = new FormData();
  form.append('options', text);
  form.append('image', new Blob([new Uint8Array(bytes)]), name);
  const job = await api.post(`${EXTRACTIONS_PATH}?wait=60`, schema, { body: form, idempotencyKey, signal });
  return waitUntilRead(api, job, schema, signal);
}

/** A job once it has ended or waits for a person. @throws as {@link extractOnce} */
export async function waitUntilRead<Schema extends z.ZodType<{ id: string; status: string }>>(
  api: ApiClient,
  job: z.infer<Schema>,
  schema: Schema,
  signal?: AbortSignal,
): Promise<z.infer<Schema>> {
  let now = job;
  while (!isFinal(now.status) && now.status !== 'needs_review') {
    now = await api.get(`${EXTRACTIONS_PATH}/${now.id}?wait=60`, schema, signal);
  }
  return now;
}
