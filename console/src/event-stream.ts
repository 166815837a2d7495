import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** The events of an answer, as they come; a stream that breaks throws, as any reading of it does. */
export async function* eventsOf(response: Response): AsyncGenerator<EventSourceMessage> {
  const arrived: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => arrived.push(event) });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parser.feed(value);
      yield* arrived.splice(0);
    }
  } finally {
    // Whoever stops reading is gone for the server, too.
    await reader.cancel().catch(() => undefined);
  }
}
