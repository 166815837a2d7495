import { execFileSync } from 'node:child_process';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkTarget, type GuardedPostOptions, postGuarded } from '../../../src/media/post-guarded.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function serve(listener: RequestListener) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, requests, url: `http://127.0.0.1:${port}/hook` };
}

/** Only 127.0.0.1 stands in for the public network. */
const guard = { allowPrivate: false, isPublic: (address: string) => address === '127.0.0.1' };
const post = (url: string, options: Partial<GuardedPostOptions> = {}) =>
  postGuarded(url, { ...guard, headers: { 'x-test': '1' }, body: 'body', timeoutMs: 2_000, ...options });

describe('postGuarded', () => {
  it('sends the body, and says how it was answered without reading an endless answer', async () => {
    let received = '';
    const { requests, url } = await serve(async (request, response) => {
      for await (const part of request) received += part;
      response.writeHead(503, { 'retry-after': '7' });
      const flood = setInterval(() => response.write('x'.repeat(1000)), 5);
      response.on('close', () => clearInterval(flood));
    });
    expect(await post(url)).toEqual({ status: 503, retryAfterMs: 7_000 });
    expect([received, requests]).toEqual(['body', ['POST /hook']]);
  });

  it('heeds when a receiver says by a date that it may be asked again', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(429, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }).end();
    });
    const { retryAfterMs } = z.object({ retryAfterMs: z.number() }).parse(await post(url));
    expect(Math.abs(retryAfterMs - 60_000)).toBeLessThan(5_000);
  });

  it('tells a receiver whose certificate nobody has signed from one that is not there', async () => {
    const subject = ['-subj', '/CN=receiver', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', '-'];
    const both = execFileSync('openssl', ['req', '-x509', ...key, ...subject], { stdio: ['ignore', 'pipe', 'ignore'] });
    const secure = createSecureServer({ cert: both, key: both }, (_request, response) => response.end());
    servers.push(secure);
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const { port: securePort } = secure.address() as AddressInfo;
    const { port: plainPort } = await serve(() => {});
    for (const port of [securePort, plainPort]) {
      expect(await post(`https://127.0.0.1:${port}/`)).toEqual({ status: null, error: 'tls_failed' });
    }
  });

  it('follows no redirect, wherever it leads', async () => {
    const inner = await serve((_request, response) => response.end());
    const outer = await serve((_request, response) => {
      response.writeHead(307, { location: inner.url });
      response.end();
    });
    expect(await post(outer.url)).toMatchObject({ status: 307 });
    expect(inner.requests).toEqual([]);
  });

  it('does not reach an address that is not public, by itself or behind a name that has changed', async () => {
    const { port, requests } = await serve((_request, response) => response.end());
    const blocked = { status: null, error: 'blocked_url' };
    expect(await post(`http://127.0.0.2:${port}/`)).toEqual(blocked);
    expect(await post(`http://localhost:${port}/`)).toEqual(blocked);
    expect(await post(`http://[::1]:${port}/`)).toEqual(blocked);
    expect(await post('ftp://127.0.0.1/')).toEqual(blocked);
    expect(await post('not a url')).toEqual(blocked);
    const answers = ['127.0.0.1', '127.0.0.2'];
    const resolve = async () => [{ address: answers.shift() ?? '', family: 4 }];
    const url = `http://receiver.example:${port}/`;
    expect(await post(url, { resolve })).toMatchObject({ status: 200 });
    expect(await post(url, { resolve })).toEqual(blocked);
    expect(requests).toHaveLength(1);
  });

  it('waits no longer than it was told, and tells a receiver that is not there from one that is slow', async () => {
    const { port, url } = await serve(() => {});
    expect(await post(url, { timeoutMs: 100 })).toEqual({ status: null, error: 'timeout' });
    servers.splice(0).forEach((server) => {
      server.close();
      server.closeAllConnections();
    });
    expect(await post(`http://127.0.0.1:${port}/`)).toEqual({ status: null, error: 'connection_failed' });
  });
});

describe('checkTarget', () => {
  const check = (url: string, addresses: string[] | null = ['127.0.0.1']) =>
    checkTarget(url, {
      ...guard,
      resolve: async () => {
        if (!addresses) throw new Error('not found');
        return addresses.map((address) => ({ address, family: 4 }));
      },
    });

  it('takes public targets, and names that have no address yet', async () => {
    await check('https://receiver.example/hook?key=1');
    await check('http://127.0.0.1/');
    await check('https://receiver.example/', null);
  });

  it.each([
    ['https://receiver.example/', ['127.0.0.1', '10.0.0.1']],
    ['http://10.0.0.1/', null],
    ['http://0x7f000002/', null],
    ['http://localhost/', null],
    ['file:///etc/passwd', null],
    ['https://user:secret@receiver.example/', null],
    ['receiver.example', null],
  ])('refuses %s', async (url, addresses) => {
    await expect(check(url, addresses)).rejects.toMatchObject({ code: 'blocked_url' });
  });
});
