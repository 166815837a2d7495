import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type BodyInit, fetch, type Response } from 'undici';
import { z } from 'zod';
import { ApiError, CliError, EXIT } from './exit-codes.ts';
import { isFaultOfFile, unreachableReason } from './unreachable-reason.ts';

/** How long a server that has answered before is asked again while it is away or busy. */
const PATIENCE_MS = 30_000;
/** Of who watches a batch: an upgrade or a reboot takes minutes, and the batch outlives it. */
const LONG_PATIENCE_MS = 15 * 60_000;
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;
/** How long a server may be silent. A long poll ends after a minute; what was sent may be looked through for longer. */
const SILENCE_MS = { question: 2 * 60_000, other: 10 * 60_000 };

const errorSchema = z.object({
  error: z.object({ message: z.string(), code: z.string(), param: z.string().nullish() }),
});

export interface SendOptions {
  readonly body?: BodyInit;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly signal?: AbortSignal;
  readonly idempotencyKey?: string;
}

/** The HTTP API, with its errors as exit codes. */
export class ApiClient {
  readonly url: string;
  readonly #key: string | undefined;
  readonly #questions: Agent;
  readonly #others: Agent;

  #reached = false;
  #patienceMs = PATIENCE_MS;
  #sayAway: (reason: string) => void = () => {};

  constructor(url: string, key: string | undefined, silenceMs = SILENCE_MS) {
    this.url = url.replace(/\/+$/, '');
    this.#key = key;
    this.#questions = silentFor(silenceMs.question);
    this.#others = silentFor(silenceMs.other);
  }

  /** Whether requests show a key. */
  get hasKey(): boolean {
    return this.#key !== undefined;
  }

  /** Waits for minutes from now on where the server is away; `sayAway` hears of it once each time. */
  bePatient(sayAway: (reason: string) => void): void {
    this.#patienceMs = LONG_PATIENCE_MS;
    this.#sayAway = sayAway;
  }

  /** Asks again while a server that has answered before is away or busy. */
  get<Schema extends z.ZodType>(path: string, schema: Schema, signal?: AbortSignal): Promise<z.infer<Schema>> {
    return this.#patiently(async () => read(await this.send('GET', path, signal ? { signal } : {}), schema), signal);
  }

  /** The answer of a question as it comes, asked again like {@link get} until it begins. */
  getStream(path: string, signal?: AbortSignal): Promise<Response> {
    return this.#patiently(() => this.send('GET', path, signal ? { signal } : {}), signal);
  }

  async post<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    options: SendOptions = {},
  ): Promise<z.infer<Schema>> {
    return read(await this.send('POST', path, options), schema);
  }

  /**
   * A POST that is repeated like a question, under one Idempotency-Key: the server takes it once.
   * @param makeOptions called for every try, since a body can be sent only once
   */
  postOnce<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    makeOptions: () => Promise<SendOptions>,
    signal?: AbortSignal,
  ): Promise<z.infer<Schema>> {
    const idempotencyKey = randomUUID();
    return this.#patiently(
      async () => this.post(path, schema, { ...(await makeOptions()), idempotencyKey, ...(signal && { signal }) }),
      signal,
    );
  }

  /** @throws ApiError for every answer that is no success, CliError without one */
  async send(method: string, path: string, options: SendOptions = {}): Promise<Response> {
    const { body, json, signal, idempotencyKey } = options;
    let response: Response;
    try {
      response = await fetch(`${this.url}${path}`, {
        method,
        dispatcher: method === 'GET' ? this.#questions : this.#others,
        redirect: 'manual',
        ...(body !== undefined && { body }),
        ...(json !== undefined && { body: JSON.stringify(json) }),
        headers: {
          ...(json !== undefined && { 'content-type': 'application/json' }),
          ...(this.#key !== undefined && { authorization: `Bearer ${this.#key}` }),
          ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
        },
        ...(signal && { signal }),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      if (isFaultOfFile(error)) {
        throw new CliError(EXIT.usage, 'a file changed or went away while it was sent', { cause: error });
      }
      throw new CliError(EXIT.unreachable, `${this.url} does not answer: ${unreachableReason(error)}`, {
        cause: error,
      });
    }
    if (response.ok) {
      this.#reached = true;
      return response;
    }
    const error = await this.#errorOf(response);
    this.#reached ||= error instanceof ApiError;
    throw error;
  }

  async close(): Promise<void> {
    await Promise.all([this.#questions.destroy(), this.#others.destroy()]);
  }

  async #patiently<Result>(work: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
    const startedAt = performance.now();
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        const pauseMs = passingPauseMs(error);
        const isPassing = pauseMs !== null && this.#reached && !signal?.aborted;
        if (!isPassing || performance.now() - startedAt > this.#patienceMs) throw error;
        if (attempt === 1) this.#sayAway((error as Error).message);
        await sleep(pauseMs, undefined, signal ? { signal } : {});
      }
    }
  }

  async #errorOf(response: Response): Promise<Error> {
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      return new CliError(EXIT.usage, `${this.url} leads to ${new URL(location, this.url).origin}: give that as --url`);
    }
    const parsed = errorSchema.safeParse(await response.json().catch(() => undefined));
    const retryAfterMs = Number(response.headers.get('retry-after')) * 1000 || undefined;
    if (parsed.success) {
      const { code, message, param = null } = parsed.data.error;
      const { status } = response;
      return new ApiError(exitCodeOf(status), code, message, { status, param, retryAfterMs });
    }
    // A proxy in front of a server that is away, or another program.
    const message =
      response.status >= 502 && response.status <= 504
        ? `${this.url} does not answer: a proxy says ${response.status}`
        : `${this.url} is no ktpflow: another program answered with ${response.status}`;
    return new CliError(response.status === 413 ? EXIT.usage : EXIT.unreachable, message);
  }
}

/** Silence counts from the last byte, of the request or of the answer: an upload takes as long as it takes. */
function silentFor(milliseconds: number): Agent {
  return new Agent({ headersTimeout: milliseconds, bodyTimeout: milliseconds });
}

async function read<Schema extends z.ZodType>(response: Response, schema: Schema): Promise<z.infer<Schema>> {
  const { origin } = new URL(response.url);
  const text = await response.text().catch((error: unknown) => {
    throw new CliError(EXIT.unreachable, `${origin} does not answer: ${unreachableReason(error)}`, { cause: error });
  });
  const parsed = schema.safeParse(parsedJson(text));
  if (parsed.success) return parsed.data;
  throw new CliError(EXIT.unreachable, `${origin} is no ktpflow, or one of another version`);
}

/** undefined: it is none. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function exitCodeOf(status: number) {
  if (status === 401 || status === 403) return EXIT.denied;
  if (status === 502 || status === 503) return EXIT.unreachable;
  return status < 500 ? EXIT.usage : EXIT.failure;
}

/** How long to wait before the same is asked again; null: a repeat would not help. */
function passingPauseMs(error: unknown): number | null {
  if (error instanceof ApiError) {
    if (error.status !== 429 && error.exitCode !== EXIT.unreachable) return null;
    return Math.min(error.retryAfterMs ?? RETRY_MS, MAX_RETRY_MS);
  }
  return error instanceof CliError && error.exitCode === EXIT.unreachable ? RETRY_MS : null;
}
