import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { isJSONRPCNotification, isJSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

const cancelledSchema = z.object({
  method: z.literal('notifications/cancelled'),
  params: z.object({ requestId: z.union([z.string(), z.number()]) }),
});

/**
 * Input and output of a server of the Model Context Protocol. A script closes the input behind its requests, and a card
 * takes a second: what was asked is answered before it counts as ended.
 */
export class PipedTransport extends StdioServerTransport {
  readonly #input: Readable;
  readonly #unanswered = new Set<string | number>();
  #onAnswered: () => void = () => {};

  constructor(input: Readable = process.stdin, output: Writable = process.stdout) {
    super(input, output);
    this.#input = input;
    // A server that is connected calls it before it looks at the message itself.
    this.onmessage = (message) => {
      if (isJSONRPCRequest(message)) this.#unanswered.add(message.id);
      // It gets no answer.
      const cancelled = isJSONRPCNotification(message) ? cancelledSchema.safeParse(message).data : undefined;
      if (cancelled) this.#answered(cancelled.params.requestId);
    };
  }

  override async send(message: Parameters<StdioServerTransport['send']>[0]): Promise<void> {
    await super.send(message);
    if ('id' in message && message.id !== undefined && !('method' in message)) this.#answered(message.id);
  }

  /** Once the input has ended and everything that was asked is answered. */
  async ended(): Promise<void> {
    // A file, such as /dev/null, ends and is not closed.
    await Promise.race([once(this.#input, 'end'), once(this.#input, 'close')]);
    while (this.#unanswered.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onAnswered = resolve;
      });
    }
  }

  #answered(id: string | number): void {
    this.#unanswered.delete(id);
    this.#onAnswered();
  }
}
