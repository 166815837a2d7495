import { createParser } from 'eventsource-parser';
import { KtpflowError } from '../../errors.ts';
import type { StreamWatch } from './stream-watch.ts';

/** A chunk of an answer is a few hundred bytes; with many log probabilities tens of kilobytes. */
const MAX_EVENT_CHARACTERS = 4 * 1024 * 1024;

/** The `data` of each event of an SSE body, however its bytes are cut; comments keep the watch from ending it. */
export async function* readEventData(body: AsyncIterable<Uint8Array>, watch: StreamWatch): AsyncGenerator<string> {
  const waiting: string[] = [];
  let tooLarge = false;
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARACTERS,
    onEvent: (event) => waiting.push(event.data),
    onError: (error) => {
      tooLarge ||= error.type === 'max-buffer-size-exceeded';
    },
  });
  const decoder = new TextDecoder();
  const parts = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      watch.arm();
      const part = await parts.next();
      watch.disarm();
      parser.feed(part.done ? decoder.decode() : decoder.decode(part.value, { stream: true }));
      if (tooLarge) throw new KtpflowError('upstream_failed', 'The model server sent an event beyond all measure.');
      yield* waiting.splice(0);
      if (part.done) return;
    }
  } finally {
    watch.disarm();
    await parts.return?.();
  }
}
