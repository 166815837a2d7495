import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Response } from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { type Answer, keptAnswer } from '../../../src/api/chat/answer.ts';
import { streamAnswer } from '../../../src/api/chat/stream-answer.ts';
import { asKtpflowError } from '../../../src/api/http/errors.ts';
import { streamResponse } from '../../../src/api/responses/stream-response.ts';
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

const head = { id: 'resp_1', createdAt: 0, settings: { model: 'm' } };

let server: ReturnType<typeof createServer>;
afterEach(() => server.close());

const shared = { closing: new AbortController().signal, keepAliveSeconds: 10, onBegun: () => {} };

/** A server that streams to whoever asks. @returns its address */
async function serve(stream: (response: Response) => Promise<void>): Promise<string> {
  server = createServer((_request, response) => {
    stream(response as Response).catch((error: unknown) => {
      response.writeHead(asKtpflowError(error).status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** From this index on, of a chat. */
const get = async (from: number) =>
  fetch(
    await serve((response) => streamAnswer(response, failed, { ...shared, sessionId: 's', from, includeUsage: false })),
  );

/** Behind this event, of a response. */
const getResponse = async (after: number) =>
  fetch(await serve((response) => streamResponse(response, failed, { ...shared, head, after })));

// The headers go out after ten seconds, and the failure then is an event, which a resume turned into a 504.
describe('an answer that fails without a token', () => {
  it('is a status to who has seen nothing of it', async () => {
    expect((await get(7)).status).toBe(504);
  });

  it('is so of a response, too: a status, or its last event', async () => {
    expect((await getResponse(-1)).status).toBe(504);
    const response = await getResponse(0);
    expect(response.status).toBe(200);
    expect((await readEvents(response)).at(-1)?.data).toContain('"type":"response.failed"');
  });

  it('is the event that it was to who has seen its role chunk', async () => {
    const response = await get(8);
    expect(response.status).toBe(200);
    expect(await readEvents(response)).toMatchObject([
      { id: 's:8', data: expect.stringContaining('"code":"deadline_exceeded"') },
    ]);
  });
});

// Its answer was the stream, to the end of which a caller that keeps its connection had no other answer on it.
describe('a HEAD request for a stream', () => {
  const running: Answer = {
    generation,
    view: { pieces: [{ content: 'a' }], end: null },
    expiresAt: null,
    changed: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
    leave: () => {},
  };

  it.each([
    ['chat', (to: Response) => streamAnswer(to, running, { ...shared, sessionId: 's', from: 7, includeUsage: false })],
    ['response', (to: Response) => streamResponse(to, running, { ...shared, head, after: -1 })],
  ])('of a %s has its answer with the headers, and is no reader any more', async (_name, stream) => {
    let left = false;
    const address = await serve((response) => stream(response).finally(() => (left = true)));
    const socket = connect(Number(new URL(address).port), '127.0.0.1');
    socket.write('HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [headers] = await once(socket, 'data');
    expect(String(headers)).toMatch(/^HTTP\/1\.1 200 .*text\/event-stream/s);
    await expect.poll(() => left, { timeout: 2_000 }).toBe(true);
    socket.destroy();
  });
});
