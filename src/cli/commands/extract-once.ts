import { createHash } from 'node:crypto';
import { FormData } from 'undici';
import type { z } from 'zod';
import type { ApiClient } from '../api-client.ts';
import { isFinal } from '../batch-schema.ts';
import type { BatchOptions } from '../sources/batch-body.ts';

const PATH = '/v1/ktp/extractions';

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
  let job = await api.post(`${PATH}?wait=60`, schema, { body: form, idempotencyKey, signal });
  while (!isFinal(job.status) && job.status !== 'needs_review') {
    job = await api.get(`${PATH}/${job.id}?wait=60`, schema, signal);
  }
  return job;
}
