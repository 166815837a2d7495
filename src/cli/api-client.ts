import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type BodyInit, fetch, type Response } from 'undici';
import { z } from 'zod';
import { ApiError, CliError, EXIT } from './exit-codes.ts';

/** How often a question that changes nothing is asked again while the server restarts. */
const GET_TRIES = 30;
const RETRY_MS = 1_000;

const errorSchema = z.object({ error: z.object({ message: z.string(), code: z.string() }) });

export interface SendOptions {
  readonly body?: BodyInit;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly signal?: AbortSignal;
}

/** The HTTP API, with its errors as exit codes. */
export class ApiClient {
  readonly url: string;
  readonly #key: string | undefined;
  // Uploads and long polls take as long as they take.
  readonly #dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

  #reached = false;

  constructor(url: string, key: string | undefined) {
    this.url = url.replace(/\/+$/, '');
    this.#key = key;
  }

  /**
   * Asks again while a server that has answered before cannot be reached: a batch outlives a restart of it, and so does
   * who watches it.
   */
  async get<Schema extends z.ZodType>(path: string, schema: Schema, signal?: AbortSignal): Promise<z.infer<Schema>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return schema.parse(await (await this.send('GET', path, signal ? { signal } : {})).json());
      } catch (error) {
        const known = error instanceof CliError || error instanceof ApiError;
        const passing = known && error.exitCode === EXIT.unreachable;
        if (!passing || !this.#reached || attempt === GET_TRIES || signal?.aborted) throw error;
        await sleep(RETRY_MS, undefined, signal ? { signal } : {});
      }
    }
  }

  async post<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    options: SendOptions = {},
  ): Promise<z.infer<Schema>> {
    return schema.parse(await (await this.send('POST', path, options)).json());
  }

  /** @throws ApiError for every answer that is no success, CliError without one */
  async send(method: string, path: string, { body, json, signal }: SendOptions = {}): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${this.url}${path}`, {
        method,
        dispatcher: this.#dispatcher,
        ...(body !== undefined && { body }),
        ...(json !== undefined && { body: JSON.stringify(json) }),
        headers: {
          ...(json !== undefined && { 'content-type': 'application/json' }),
          ...(this.#key !== undefined && { authorization: `Bearer ${this.#key}` }),
        },
        ...(signal && { signal }),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new CliError(EXIT.unreachable, `${this.url} does not answer`, { cause: error });
    }
    this.#reached = true;
    if (response.ok) return response;
    throw await errorOf(response);
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const parsed = errorSchema.safeParse(await response.json().catch(() => undefined));
  const { code, message } = parsed.success
    ? parsed.data.error
    : { code: String(response.status), message: 'the server answered with something else than its API' };
  const exitCode =
    response.status === 401 || response.status === 403
      ? EXIT.denied
      : response.status === 503 || response.status === 502
        ? EXIT.unreachable
        : response.status < 500
          ? EXIT.usage
          : EXIT.failure;
  return new ApiError(exitCode, code, message);
}
