import { setTimeout as delay } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import type { EmbeddedPlatform } from './embedded-platform.ts';

export interface StreamedEvent {
  readonly id: string | undefined;
  readonly data: string;
}

interface Chunk {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly choices: readonly { delta: { role?: string; content?: string }; finish_reason: string | null }[];
  readonly usage?: { prompt_tokens: number; completion_tokens: number } | null;
  readonly cancelled?: boolean;
}

/** What a connection brought until it ended or broke. */
export interface Reading {
  readonly events: StreamedEvent[];
  /** Whether `[DONE]` came. */
  readonly done: boolean;
  /** The error event, where one came. */
  readonly error: { code: string; message: string } | undefined;
  /** The connection broke, as a killed server's does. */
  readonly broken: boolean;
}

export async function readStream(
  response: Response,
  onEvent: (event: StreamedEvent, count: number) => void = () => {},
): Promise<Reading> {
  const events: StreamedEvent[] = [];
  let done = false;
  let error: Reading['error'];
  let broken = false;
  const parser = createParser({
    onEvent({ data, event, id }) {
      if (event !== undefined) throw new Error('an OpenAI stream has no event names');
      if (done || error) throw new Error('something after the end');
      if (data === '[DONE]') done = true;
      else {
        error = JSON.parse(data).error;
        events.push({ id, data });
        onEvent({ id, data }, events.length);
      }
    },
  });
  const decoder = new TextDecoder();
  try {
    for await (const bytes of response.body ?? []) parser.feed(decoder.decode(bytes as Uint8Array, { stream: true }));
  } catch (fault) {
    if (!(fault instanceof TypeError)) throw fault;
    broken = true;
  }
  return { events, done, error, broken };
}

export function chunksOf(events: readonly StreamedEvent[]): Chunk[] {
  return events.map(({ data }) => JSON.parse(data)).filter((data) => data.error === undefined);
}

export function textOf(events: readonly StreamedEvent[]): string {
  return chunksOf(events)
    .map(({ choices }) => choices[0]?.delta.content ?? '')
    .join('');
}

export function indexesOf(events: readonly StreamedEvent[]): number[] {
  return events.map(({ id }) => Number(id?.slice(id.lastIndexOf(':') + 1)));
}

/**
 * Reads a session to its end as a careful client does: whenever the connection ends without `[DONE]`, it comes back
 * with the last id it has seen.
 */
export async function readToEnd(
  platform: () => EmbeddedPlatform,
  sessionId: string,
  first: Response,
  onEvent: (count: number) => void = () => {},
): Promise<{ events: StreamedEvent[]; connections: number }> {
  const events: StreamedEvent[] = [];
  let response: Response | undefined = first;
  for (let connections = 1; ; connections++) {
    const reading: Reading | undefined =
      response && (await readStream(response, (_, count) => onEvent(events.length + count)));
    // An error event that tells of a shutdown repeats the id of the event before it.
    events.push(...(reading?.events ?? []).filter(({ data }) => JSON.parse(data).error === undefined));
    if (reading?.done) return { events, connections };
    if (reading?.error && reading.error.code !== 'shutting_down') {
      throw new Error(`the stream failed: ${JSON.stringify(reading.error)}`);
    }
    const last = events.at(-1)?.id;
    response = await resumed(platform, sessionId, last);
  }
}

async function resumed(
  platform: () => EmbeddedPlatform,
  sessionId: string,
  lastEventId: string | undefined,
): Promise<Response> {
  for (const deadline = Date.now() + 120_000; ; await delay(100)) {
    const response = await platform()
      .request(`/v1/chat/completions/${sessionId}/stream`, {
        headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
      })
      .catch(() => undefined);
    if (response?.status === 200) return response;
    const text = await response?.text();
    if (response && response.status !== 503 && response.status !== 429) throw new Error(`${response.status} ${text}`);
    if (Date.now() > deadline) throw new Error(`the session cannot be resumed: ${text}`);
  }
}
