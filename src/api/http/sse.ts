import type { ServerResponse } from 'node:http';

/**
 * Writes server-sent events: headers that keep proxies from buffering, a comment now and then so that nobody takes a
 * silent connection for a dead one, and back-pressure. A reader that does not take what it is sent is dropped: it can
 * resume, and nothing is kept for it meanwhile.
 */

export interface SseEvent {
  /** Sent as `id:`. */
  readonly id?: string | undefined;
  /** An object is sent as JSON. */
  readonly data: string | object;
}

/**
 * A comment, and no blank line behind it: decoders of widely used clients (openai-python up to 2.x, openai-go) take a
 * blank line for an event once an `id:` came, and fail at its empty data.
 */
const KEEP_ALIVE = ': keep-alive\n';
/** How long a full connection may take to accept anything. */
const STALLED_MS = 30_000;

/** One event as it stands on the wire. @throws TypeError for an id or text that would break it */
export function formatEvent({ id, data }: SseEvent): string {
  if (id !== undefined && /[\r\n\0]/.test(id)) throw new TypeError('an event id must be one line');
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  // JSON has no raw line breaks; other text must not have any.
  if (/[\r\n]/.test(text)) throw new TypeError('the data of an event must be one line');
  return `${id === undefined ? '' : `id: ${id}\n`}data: ${text}\n\n`;
}

/** An open event stream. */
export class SseWriter {
  readonly #response: ServerResponse;
  readonly #keepAliveMs: number;
  #keepAlive: NodeJS.Timeout;

  private constructor(response: ServerResponse, keepAliveMs: number) {
    this.#response = response;
    this.#keepAliveMs = keepAliveMs;
    this.#keepAlive = this.#scheduleKeepAlive();
    response.once('close', () => clearTimeout(this.#keepAlive));
  }

  /**
   * Sends status 200 and the headers; other headers must have been set before. A HEAD request has its answer with them:
   * what is written goes nowhere, and {@link callerGone} is aborted.
   * @param keepAliveSeconds longest silence (KEEP_ALIVE_SECONDS)
   */
  static open(response: ServerResponse, { keepAliveSeconds }: { keepAliveSeconds: number }): SseWriter {
    response.statusCode = 200;
    response.setHeader('content-type', 'text/event-stream; charset=utf-8');
    response.setHeader('cache-control', 'no-cache, no-transform');
    response.setHeader('x-accel-buffering', 'no');
    response.flushHeaders();
    if (response.req.method === 'HEAD') response.end();
    return new SseWriter(response, keepAliveSeconds * 1000);
  }

  /** Writes text made by {@link formatEvent}; resolves when the connection takes more, or is closed. */
  async write(text: string): Promise<void> {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    clearTimeout(this.#keepAlive);
    const accepted = this.#response.write(text);
    this.#keepAlive = this.#scheduleKeepAlive();
    if (!accepted) await this.#drained();
  }

  end(): void {
    clearTimeout(this.#keepAlive);
    this.#response.end();
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const stalled = setTimeout(() => this.#response.destroy(), STALLED_MS);
      const done = () => {
        clearTimeout(stalled);
        this.#response.off('drain', done).off('close', done);
        resolve();
      };
      this.#response.once('drain', done).once('close', done);
    });
  }

  #scheduleKeepAlive(): NodeJS.Timeout {
    return setTimeout(() => {
      // A connection that takes nothing needs no sign of life.
      if (!this.#response.writableNeedDrain) void this.write(KEEP_ALIVE);
      else this.#keepAlive = this.#scheduleKeepAlive();
    }, this.#keepAliveMs);
  }
}
