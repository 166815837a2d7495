import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { afterEach, expect, it, vi } from 'vitest';
import { reachThisMachineDirectly } from '../../../src/cli/reach-this-machine.ts';

const before = getGlobalDispatcher();
afterEach(() => {
  vi.unstubAllEnvs();
  setGlobalDispatcher(before);
});

it('the server on this machine is asked directly, with NODE_USE_ENV_PROXY and a proxy set', async () => {
  const server = createServer((_request, response) => response.end('here'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  vi.stubEnv('http_proxy', 'http://127.0.0.1:9');
  reachThisMachineDirectly({ NODE_USE_ENV_PROXY: '1' });
  expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('here');
  await expect(fetch('http://ktpflow.invalid')).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  server.close();
});
