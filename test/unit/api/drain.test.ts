import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createHttpServer, drain, trackAnswers } from '../../../src/api/server.ts';

async function ask(port: number, agent: Agent): Promise<IncomingMessage> {
  const request = get({ host: '127.0.0.1', port, agent });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response;
}

async function serve(listener: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createHttpServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

describe('an API that stops behind a proxy', () => {
  it('answers what comes on a connection that the proxy holds, and takes no new ones', async () => {
    const { port, server } = await serve((_request, response) => response.end('ok'));
    const answers = trackAnswers(server);
    const proxy = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await ask(port, proxy)).headers.connection).toBe('keep-alive');

    const drained = drain(server, new AbortController(), answers);
    const last = await ask(port, proxy);
    expect([last.statusCode, last.headers.connection]).toEqual([200, 'close']);
    await expect(ask(port, new Agent())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await drained;
    proxy.destroy();
  });

  it('leaves no connection to the proxy on which an answer was under way: the next request would meet its end', async () => {
    const begun = new Map<string, () => void>();
    const { port, server } = await serve((request, response) => {
      if (request.url === '/stream') response.write('begun');
      begun.set(request.url ?? '', () => response.end('whole'));
    });
    const answers = trackAnswers(server);
    const proxy = new Agent({ keepAlive: true });
    const silent = get({ host: '127.0.0.1', port, path: '/silent', agent: proxy });
    const stream = get({ host: '127.0.0.1', port, path: '/stream', agent: proxy });
    const [streamed] = (await once(stream, 'response')) as [IncomingMessage];
    expect(streamed.headers.connection).toBe('keep-alive');
    const { socket } = streamed;
    await expect.poll(() => begun.size).toBe(2);

    // Open as long as it is, so that the time is not over for want of connections.
    const idle = connect(port, '127.0.0.1');
    await once(idle, 'connect');

    const closing = new AbortController();
    const drained = drain(server, closing, answers);
    for (const end of begun.values()) end();
    const [answer] = (await once(silent, 'response')) as [IncomingMessage];
    expect(answer.headers.connection).toBe('close');
    answer.resume();
    streamed.resume();
    await once(socket, 'close');
    expect(closing.signal.aborted).toBe(false);
    idle.destroy();
    await drained;
    expect(closing.signal.aborted).toBe(true);
    proxy.destroy();
  });
});
