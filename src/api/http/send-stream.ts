import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';

/**
 * Sends a body as it is made, as fast as it is read. A failure in the middle breaks the connection, so that half a file
 * is not taken for a whole one; a reader that goes away is no fault of ours.
 */
export async function sendStream(
  response: Response,
  parts: Readable | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  try {
    await pipeline(parts instanceof Readable ? parts : Readable.from(parts), response);
  } catch (error) {
    if (!isPrematureClose(error)) throw error;
  }
}

/** The same items, the first of them read before any headers go out: what fails at once is still a proper error. */
export async function begun<Item>(items: AsyncGenerator<Item, void>): Promise<AsyncGenerator<Item, void>> {
  const first = await items.next();
  return continued(first, items);
}

async function* continued<Item>(
  first: IteratorResult<Item, void>,
  rest: AsyncGenerator<Item, void>,
): AsyncGenerator<Item, void> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

/** Whether the reader closed the connection: what our own parts throw is another error. */
function isPrematureClose(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
