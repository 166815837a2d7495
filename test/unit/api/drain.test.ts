import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createHttpServer, drain } from '../../../src/api/server.ts';

async function ask(port: number, agent: Agent): Promise<IncomingMessage> {
  const request = get({ host: '127.0.0.1', port, agent });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response;
}

describe('an API that stops behind a proxy', () => {
  it('answers what comes on a connection that the proxy holds, and takes no new ones', async () => {
    const server = createHttpServer((_request, response) => response.end('ok'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const proxy = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await ask(port, proxy)).headers.connection).toBe('keep-alive');

    const drained = drain(server, new AbortController(), true);
    const last = await ask(port, proxy);
    expect([last.statusCode, last.headers.connection]).toEqual([200, 'close']);
    await expect(ask(port, new Agent())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await drained;
    proxy.destroy();
  });
});
