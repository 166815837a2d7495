import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startLonelyApi } from '../../support/api.ts';

async function ask(url: string, agent: Agent): Promise<IncomingMessage> {
  const request = get(url, { agent });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response;
}

describe('an API that stops behind a proxy', () => {
  it('answers what comes on a connection that the proxy holds, and takes no new ones', async () => {
    const api = await startLonelyApi({ TRUST_PROXY: 'loopback', API_KEYS: 'key-of-a-test:extract' });
    const url = `${api.address}/livez`;
    const proxy = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await ask(url, proxy)).headers.connection).toBe('keep-alive');
    const closed = api.close();
    await sleep(50);
    const last = await ask(url, proxy);
    expect([last.statusCode, last.headers.connection]).toEqual([200, 'close']);
    await expect(ask(url, new Agent())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await closed;
    proxy.destroy();
  });
});
