import { createServer, request as open, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limitBodyTime } from '../../../src/api/http/body-deadline.ts';
import { SERVER_TIMEOUTS } from '../../../src/api/server.ts';

const LIMIT_MS = 150;
let server: Server;

beforeAll(async () => {
  const app = express();
  app.use(limitBodyTime(LIMIT_MS));
  app.post('/', async (request, response) => {
    const body = await text(request);
    if (!response.headersSent) response.send(body);
  });
  server = createServer(SERVER_TIMEOUTS, app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends five pieces, four times as slowly as the limit allows. */
async function trickle(contentType: string): Promise<{ status: number | undefined; body: string }> {
  const { port } = server.address() as AddressInfo;
  const call = open({ port, method: 'POST', headers: { 'content-type': contentType } });
  const answer = new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    call.on('response', (response) =>
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject),
    );
    call.on('error', reject);
  });
  for (let piece = 0; piece < 5; piece++) {
    call.write('x');
    await delay((4 * LIMIT_MS) / 5);
  }
  call.end();
  return answer;
}

describe('the time that a body may take', () => {
  it('is not limited for an upload that moves: two gigabytes over a slow line were cut after 15 minutes', async () => {
    expect(await trickle('multipart/form-data; boundary=b')).toEqual({ status: 200, body: 'xxxxx' });
    expect(SERVER_TIMEOUTS.requestTimeout).toBe(0);
  });

  it('is limited for everything else, with the error that says so', async () => {
    const { status, body } = await trickle('application/json');
    expect(status).toBe(408);
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'request_timeout' } });
  });

  it('is limited for headers', () => {
    expect(SERVER_TIMEOUTS.headersTimeout).toBeLessThanOrEqual(30_000);
  });
});
