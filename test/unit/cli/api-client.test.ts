import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { ApiClient } from '../../../src/cli/api-client.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function clientOf(listener: RequestListener, silenceMs?: { question: number; other: number }) {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new ApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, undefined, silenceMs);
}

it('a server that takes connections and says nothing is not waited for without an end', async () => {
  const client = await clientOf(() => {}, { question: 100, other: 100 });
  for (const asking of [client.send('GET', '/'), client.send('POST', '/', { json: {} })]) {
    await expect(asking).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('does not answer: it takes connections and says nothing'),
    });
  }
  await client.close();
});

it('a server that dies in the middle of an answer is not called another program', async () => {
  const client = await clientOf((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"id":');
    setTimeout(() => request.socket.destroy(), 20);
  });
  await expect(client.post('/', z.object({ id: z.string() }))).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('does not answer: the connection was cut'),
  });
  await client.close();
});
