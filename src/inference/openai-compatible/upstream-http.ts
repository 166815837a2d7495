import type { Readable } from 'node:stream';
import { Agent, type Dispatcher, request } from 'undici';
import { decompress } from '../../media/decompress.ts';
import { traceparent } from '../../observability/tracing/spans.ts';
import { EngineFault } from '../engine-fault.ts';
import { apiRoot, serverRoot } from './base-url.ts';
import type { UpstreamTimeouts } from './options.ts';
import { failureOfConnection, failureOfStatus, UpstreamFailure } from './upstream-failure.ts';
import { toWellFormed } from './whole-characters.ts';

/** Of an error's body, as much as is searched for known complaints. */
const MAX_ERROR_BYTES = 64 * 1024;
/** A list of models or of a prompt's tokens. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export interface UpstreamAnswer {
  readonly status: number;
  /** Parsed JSON; null where it is none. */
  readonly body: unknown;
}

export interface UpstreamHttp {
  /**
   * Posts a chat request and answers the body of a 200. Aborting the signal closes the connection, which is how model
   * servers learn that they can stop.
   * @throws UpstreamFailure; the signal's reason once it is aborted.
   */
  openStream(body: unknown, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** A small question: path below the server's root. @throws UpstreamFailure where there is no HTTP answer at all. */
  ask(path: string, options?: { body?: unknown; timeoutMs?: number | undefined }): Promise<UpstreamAnswer>;
  close(): Promise<void>;
}

export function createUpstreamHttp({
  baseUrl,
  apiKey,
  engineId,
  timeouts,
}: {
  baseUrl: string;
  apiKey: string | undefined;
  engineId: string;
  timeouts: UpstreamTimeouts;
}): UpstreamHttp {
  const api = apiRoot(baseUrl);
  const server = serverRoot(baseUrl);
  const addressOf = (path: string) => (path.startsWith('/v1/') ? api + path.slice('/v1'.length) : server + path);
  // Time-outs of headers and body are ours: they tell the first token from the ones after it.
  const dispatcher = new Agent({ connect: { timeout: timeouts.connectMs }, headersTimeout: 0, bodyTimeout: 0 });
  const headers = {
    'user-agent': 'ktpflow',
    ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
  };

  return {
    async openStream(body, signal) {
      const here = traceparent();
      const response = await request(addressOf('/v1/chat/completions'), {
        method: 'POST',
        dispatcher,
        signal,
        headers: {
          ...headers,
          'content-type': 'application/json',
          accept: 'text/event-stream',
          'accept-encoding': 'identity',
          ...(here !== undefined && { traceparent: here }),
        },
        body: asJson(body),
      }).catch((error: unknown) => {
        signal.throwIfAborted();
        throw failureOfConnection(error);
      });
      if (response.statusCode >= 200 && response.statusCode < 300) return decompressed(response);
      const retryAfter = response.headers['retry-after'];
      throw failureOfStatus(response.statusCode, {
        engineId,
        // The status is what counts.
        body: await readLimited(decompressed(response)).catch(() => ''),
        retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
      });
    },

    async ask(path, { body, timeoutMs = timeouts.probeMs } = {}) {
      // A timer of our own: AbortSignal.timeout is collected by Node 20 where only a composite signal holds it.
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(new Error('the question was not answered in time')), timeoutMs);
      try {
        const response = await request(addressOf(path), {
          method: body === undefined ? 'GET' : 'POST',
          dispatcher,
          signal: late.signal,
          headers: {
            ...headers,
            'accept-encoding': 'identity',
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          ...(body !== undefined && { body: asJson(body) }),
        });
        const text = await readLimited(decompressed(response), MAX_ANSWER_BYTES);
        return { status: response.statusCode, body: parseJson(text) };
      } catch (error) {
        throw error instanceof UpstreamFailure ? error : failureOfConnection(error);
      } finally {
        clearTimeout(timer);
      }
    },

    close: () => dispatcher.destroy(),
  };
}

/** The body as text, whatever it is compressed with: some servers and proxies do so without being asked. */
function decompressed(response: Dispatcher.ResponseData): Readable {
  const body = decompress(response.body, response.headers['content-encoding']);
  if (body) return body;
  throw new UpstreamFailure(
    new EngineFault('The model server compresses its answers in a way that is not supported.'),
    null,
  );
}

async function readLimited(body: AsyncIterable<Uint8Array>, maxBytes = MAX_ERROR_BYTES): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    parts.push(part);
    length += part.length;
    if (length >= maxBytes) break;
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Half an emoji, where a client has cut a text by its length, is an error in a tokenizer written in Python or Rust. */
function asJson(body: unknown): string {
  return JSON.stringify(body, (_name, value: unknown) => (typeof value === 'string' ? toWellFormed(value) : value));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
