import { Agent, request } from 'undici';
import type { UpstreamTimeouts } from './options.ts';
import { failureOfConnection, failureOfStatus } from './upstream-failure.ts';

/** Of an error's body, as much as is searched for known complaints. */
const MAX_ERROR_BYTES = 64 * 1024;

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
  const root = serverRoot(baseUrl);
  // Time-outs of headers and body are ours: they tell the first token from the ones after it.
  const dispatcher = new Agent({ connect: { timeout: timeouts.connectMs }, headersTimeout: 0, bodyTimeout: 0 });
  const headers = {
    'user-agent': 'ktpflow',
    ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
  };

  return {
    async openStream(body, signal) {
      const response = await request(`${root}/v1/chat/completions`, {
        method: 'POST',
        dispatcher,
        signal,
        headers: { ...headers, 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify(body),
      }).catch((error: unknown) => {
        signal.throwIfAborted();
        throw failureOfConnection(error);
      });
      if (response.statusCode === 200) return response.body;
      const retryAfter = response.headers['retry-after'];
      throw failureOfStatus(response.statusCode, {
        engineId,
        body: await readLimited(response.body),
        retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
      });
    },

    async ask(path, { body, timeoutMs = timeouts.probeMs } = {}) {
      try {
        const response = await request(`${root}${path}`, {
          method: body === undefined ? 'GET' : 'POST',
          dispatcher,
          signal: AbortSignal.timeout(timeoutMs),
          headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        return { status: response.statusCode, body: parseJson(await response.body.text()) };
      } catch (error) {
        throw failureOfConnection(error);
      }
    },

    close: () => dispatcher.destroy(),
  };
}

/** The base URL without /v1, which some write and some do not. */
function serverRoot(baseUrl: string): string {
  return baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '');
}

async function readLimited(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of body) {
      parts.push(part);
      length += part.length;
      if (length >= MAX_ERROR_BYTES) break;
    }
  } catch {
    // The status is what counts.
  }
  return Buffer.concat(parts).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
