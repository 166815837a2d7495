import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { EngineFault } from '../engine-fault.ts';
import { isDone } from './chunk.ts';
import { JsonBody } from './json-body.ts';
import type { StreamWatch } from './stream-watch.ts';

/** Names of events that tell of a fault. */
const ERROR_EVENT = /^(error|exception|failure|fatal)$/i;
/** Names of events that tell of the end. */
const END_EVENT = /^(done|end|complete|finish|finished)$/i;
/** The words of a chunk or an error, beside which others may stand. */
const ANSWER = /"(choices|usage|error)"/;
/** The name of the field once more, where an event was wrapped into another. */
const WRAPPED = /^(data:\s*)+/;
/** A chunk of an answer is a few hundred bytes; with many log probabilities tens of kilobytes. */
const MAX_EVENT_CHARACTERS = 4 * 1024 * 1024;

/**
 * The `data` of each event of an answer's body, however its bytes are cut; comments keep the watch from ending it. An
 * event that says by its name that it is an error comes as `{"error": …}`. A server that answers with JSON all the same,
 * as one object or as one a line, is read too, whatever content type it claims.
 */
export async function* readEventData(body: AsyncIterable<Uint8Array>, watch: StreamWatch): AsyncGenerator<string> {
  const waiting: string[] = [];
  let reader: SseReader | JsonBody | null = null;
  let start = '';
  const decoder = new TextDecoder();
  const parts = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      watch.arm();
      const part = await parts.next();
      watch.disarm();
      const text = start + (part.done ? decoder.decode() : decoder.decode(part.value, { stream: true }));
      if (!reader && (text.trimStart() !== '' || part.done)) {
        // No line of an event stream begins like this.
        const isJson = /^\s*[{[]/.test(text);
        reader = isJson ? new JsonBody(MAX_EVENT_CHARACTERS) : new SseReader();
      }
      if (reader) waiting.push(...reader.push(text));
      start = reader ? '' : text;
      yield* waiting.splice(0);
      if (!part.done) continue;
      yield* reader?.end() ?? [];
      return;
    }
  } finally {
    watch.disarm();
    await parts.return?.();
  }
}

class SseReader {
  readonly #data: string[] = [];
  #isTooLarge = false;
  readonly #parser = createParser({
    maxBufferSize: MAX_EVENT_CHARACTERS,
    onEvent: (event) => this.#data.push(...dataOf(event)),
    onError: ({ field, type, value }) => {
      this.#isTooLarge ||= type === 'max-buffer-size-exceeded';
      // An old llama.cpp writes `error: {…}` for `data: {"error": …}`.
      if (type === 'unknown-field' && field === 'error') this.#data.push(asError(value ?? ''));
      // The end, by a server that forgets the name of the field.
      if (type === 'unknown-field' && field !== undefined && isDone(field)) this.#data.push(field);
      // Indented, or in capitals: an answer is not to be lost for it.
      if (type === 'unknown-field' && field?.trim().toLowerCase() === 'data')
        this.#data.push(...dataOf({ data: value ?? '' }));
    },
  });

  /** @throws EngineFault for an event that is too large */
  push(text: string): string[] {
    this.#parser.feed(text);
    if (this.#isTooLarge) throw new EngineFault('The model server sent an event that is too large.');
    return this.#data.splice(0);
  }

  /** What is left, where the stream ended before a blank line; a line that was cut is no event. */
  end(): string[] {
    return this.push('\n\n').filter(isWhole);
  }
}

function dataOf({ data: given, event = '' }: Pick<EventSourceMessage, 'data' | 'event'>): string[] {
  const lines = given.split('\n').map((line) => line.replace(WRAPPED, ''));
  const data = lines.join('\n');
  if (ERROR_EVENT.test(event)) return [asError(data)];
  if (END_EVENT.test(event)) return [...(ANSWER.test(data) ? [data] : []), '[DONE]'];
  // Several events, of a server that writes no blank lines between them; or one object over several lines.
  const isEach = lines.length > 1 && lines.every((line) => isDone(line) || parse(line) !== undefined);
  return isEach ? lines : [data];
}

function asError(data: string): string {
  const json = parse(data);
  const hasError = typeof json === 'object' && json !== null && 'error' in json;
  return hasError ? data : JSON.stringify({ error: json ?? data });
}

function isWhole(data: string): boolean {
  return isDone(data) || !/^\s*[{[]/.test(data) || parse(data) !== undefined;
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
