import { setTimeout as sleep } from 'node:timers/promises';
import { readStream, type StreamedEvent } from '../../test/e2e/stream-reader.ts';
import type { UpstreamBody } from '../../test/support/upstream.ts';
import type { Outcome } from './cards.ts';
import { type Client, PATIENCE_MS } from './client.ts';

export const MODEL = 'scripted-model';
const TOKENS = 60;

/** What the engine says to a question: other words for each. */
export function answerTo(body: UpstreamBody): string[] {
  const question = String(body.messages?.find(({ role }) => role === 'user')?.content ?? '');
  return Array.from({ length: TOKENS }, (_, index) => ` ${question}.${index}`);
}

/**
 * Asks, reads the stream, and comes back with the last id it has seen whenever it ends early, through whichever API
 * nginx picks. Right: the engine's very text, every event once and in order.
 */
export async function chat(client: Client, session: string): Promise<Outcome> {
  const question = `q${session.split('-').at(-1)}`;
  const body = JSON.stringify({
    model: MODEL,
    stream: true,
    session_id: session,
    messages: [{ role: 'user', content: question }],
  });
  const ask = {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': session },
    body,
  };
  const events: StreamedEvent[] = [];
  const deadline = Date.now() + PATIENCE_MS;
  try {
    for (let done = false; !done; await sleep(done ? 0 : 200)) {
      if (Date.now() > deadline) throw new Error('a chat has not ended');
      const last = events.at(-1)?.id;
      const response = await (last === undefined
        ? client.patiently('/v1/chat/completions', () => ask)
        : client.patiently(`/v1/chat/completions/${session}/stream`, () => ({ headers: { 'last-event-id': last } })));
      if (response.status !== 200) throw new Error(`a chat: ${response.status} ${await response.text()}`);
      const reading = await readStream(response);
      // An error event repeats the id of the one before it.
      events.push(...reading.events.filter(({ data }) => !data.includes('"error"')));
      done = reading.done;
      if (reading.error && reading.error.code !== 'shutting_down')
        throw new Error(`a chat: ${JSON.stringify(reading.error)}`);
    }
  } catch (error) {
    client.surprises.push(String(error));
    return 'lost';
  }
  return judge(events, answerTo({ messages: [{ role: 'user', content: question }] }).join(''));
}

function judge(events: readonly StreamedEvent[], expected: string): Outcome {
  const indexes = events.map(({ id }) => Number(id?.split(':').at(-1)));
  if (new Set(indexes).size < indexes.length) return 'doubled';
  if (indexes.some((index, place) => index !== place)) return 'lost';
  const text = events.map(({ data }) => JSON.parse(data).choices[0]?.delta.content ?? '').join('');
  return text === expected ? 'right' : 'wrong';
}
