import createFetchClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './schema.js';

export type { components, operations, paths } from './schema.js';

/** Every route of the server that is not OpenAI's, typed: `client.GET('/v1/ktp/extractions/{id}', …)`. */
export type KtpflowClient = Client<paths>;
export type Extraction = components['schemas']['Extraction'];
export type ExtractionOptions = components['schemas']['ExtractionOptions'];

export interface ClientOptions {
  /** For example http://127.0.0.1:3000. */
  readonly baseUrl: string;
  /** Absent: the server has no keys. */
  readonly apiKey?: string;
}

/** What the server has refused or failed to do. */
export class KtpflowError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, { code, message }: { readonly code: string; readonly message: string }) {
    super(message);
    this.name = 'KtpflowError';
    this.status = status;
    this.code = code;
  }
}

export function createClient({ apiKey, baseUrl }: ClientOptions): KtpflowClient {
  const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  return createFetchClient<paths>({ baseUrl, headers });
}

export interface ReadOptions {
  readonly options?: ExtractionOptions;
  /** The same key and image give the same extraction, however often they are sent. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

const FINAL: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled', 'needs_review']);

/**
 * Has one card read, however long that takes: a job that is not done within a minute is asked for again.
 * @throws KtpflowError what the server has refused; a picture that could not be read is a job with `error`
 */
export async function readCard(
  client: KtpflowClient,
  image: Blob,
  { idempotencyKey, options, signal }: ReadOptions = {},
): Promise<Extraction> {
  const form = new FormData();
  form.set('image', image, 'card');
  if (options) form.set('options', JSON.stringify(options));
  let job = bodyOf(
    await client.POST('/v1/ktp/extractions', {
      params: {
        query: { wait: '60' },
        ...(idempotencyKey !== undefined && { header: { 'idempotency-key': idempotencyKey } }),
      },
      body: {},
      bodySerializer: () => form,
      ...(signal && { signal }),
    }),
  );
  while (!FINAL.has(job.status)) {
    job = bodyOf(
      await client.GET('/v1/ktp/extractions/{id}', {
        params: { path: { id: job.id }, query: { wait: '60' } },
        ...(signal && { signal }),
      }),
    );
  }
  return job;
}

/** The body of an answer. @throws KtpflowError */
export function bodyOf<Body>({
  data,
  error,
  response,
}: {
  readonly data?: Body;
  readonly error?: components['schemas']['Error'];
  readonly response: Response;
}): Body {
  if (data !== undefined) return data;
  throw new KtpflowError(response.status, error?.error ?? { code: 'unknown', message: response.statusText });
}
