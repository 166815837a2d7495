import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Response } from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { keptAnswer } from '../../../src/api/chat/answer.ts';
import { streamAnswer } from '../../../src/api/chat/stream-answer.ts';
import { asKtpflowError } from '../../../src/api/http/errors.ts';
import type { Generation } from '../../../src/chat/generation.ts';
import { readEvents } from '../../support/chat.ts';

const generation: Generation = {
  id: 'gen_1',
  ordinal: 1,
  firstIndex: 7,
  usageEvent: false,
  model: 'm',
  createdAt: 0,
  bodyHash: 'body',
  idempotencyHash: null,
};
const failed = keptAnswer(
  generation,
  { pieces: [], end: { type: 'error', error: { code: 'deadline_exceeded', message: 'Too slow.', param: null } } },
  new Date(),
);

let server: ReturnType<typeof createServer>;
afterEach(() => server.close());

/** What a reader gets that asks for events from this index on. */
async function get(from: number): Promise<globalThis.Response> {
  const options = { sessionId: 's', from, includeUsage: false, keepAliveSeconds: 10, onBegun: () => {} };
  server = createServer((_request, response) => {
    const closing = new AbortController().signal;
    streamAnswer(response as Response, failed, { ...options, closing }).catch((error: unknown) => {
      response.writeHead(asKtpflowError(error).status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

// The headers go out after ten seconds, and the failure then is an event, which a resume turned into a 504.
describe('an answer that fails without a token', () => {
  it('is a status to who has seen nothing of it', async () => {
    expect((await get(7)).status).toBe(504);
  });

  it('is the event that it was to who has seen its role chunk', async () => {
    const response = await get(8);
    expect(response.status).toBe(200);
    expect(await readEvents(response)).toMatchObject([
      { id: 's:8', data: expect.stringContaining('"code":"deadline_exceeded"') },
    ]);
  });
});
