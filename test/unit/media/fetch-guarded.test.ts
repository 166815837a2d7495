import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fetchGuarded, type GuardedFetchOptions } from '../../../src/media/fetch-guarded.ts';

const MEBIBYTE = 1024 * 1024;
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A real server; counts the connections that reach it. */
async function serve(listener: RequestListener) {
  const server = createServer(listener);
  servers.push(server);
  const seen = { connections: 0 };
  server.on('connection', () => seen.connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, seen, url: `http://127.0.0.1:${port}/card?secret=1` };
}

/** Only 127.0.0.1 stands in for the public network; everything else is judged as usual. */
const options = (overrides: Partial<GuardedFetchOptions> = {}): GuardedFetchOptions => ({
  maxBytes: MEBIBYTE,
  timeoutMs: 30_000,
  allowPrivate: false,
  isPublic: (address) => address === '127.0.0.1',
  ...overrides,
});
const failure = (url: string, overrides?: Partial<GuardedFetchOptions>) =>
  fetchGuarded(url, options(overrides)).then(
    () => {
      throw new Error('was fetched');
    },
    (error: unknown) => error,
  );

describe('fetchGuarded', () => {
  it('gives back the bytes and the claimed type, without cookies and proxies', async () => {
    let headers = {};
    const { url } = await serve((request, response) => {
      headers = request.headers;
      response.setHeader('set-cookie', 'a=b');
      response.setHeader('content-type', 'Image/PNG; charset=x').end('picture');
    });
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:1');
    try {
      await fetchGuarded(url, options());
      const { bytes, mediaType } = await fetchGuarded(url, options());
      expect([bytes.toString(), mediaType]).toEqual(['picture', 'image/png']);
      expect(headers).not.toHaveProperty('cookie');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0177.0.0.1/',
    'http://0x7f.0.0.1/',
    'http://0x7f000001/',
    'http://017700000001/',
    'http://１２７.0.0.1/',
    'http://0/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[fe80::1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://192.168.0.1:8080/',
    'http://localhost/',
    'http://localhost./',
    'file:///etc/passwd',
    'ftp://example.org/a',
    'gopher://example.org/',
    'data:image/png;base64,AAAA',
    '//example.org/a',
    '/etc/passwd',
    'http://',
    '',
  ])('blocks %s', async (url) => {
    const { isPublic: _loopback, ...guarded } = options();
    await expect(fetchGuarded(url, guarded)).rejects.toMatchObject({ code: 'blocked_url', status: 400 });
  });

  it('blocks credentials in the URL', async () => {
    const { port } = await serve((_request, response) => response.end('x'));
    for (const userinfo of ['user:pw', 'user', ':pw']) {
      expect(await failure(`http://${userinfo}@127.0.0.1:${port}/`)).toMatchObject({ code: 'blocked_url' });
    }
  });

  it('blocks a name by what it resolves to, without ever connecting', async () => {
    const { port, seen } = await serve((_request, response) => response.end('x'));
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const { isPublic: _loopback, ...guarded } = options({ resolve });
    await expect(fetchGuarded(`http://card.example:${port}/`, guarded)).rejects.toMatchObject({ code: 'blocked_url' });
    const mixed = async () => [
      { address: '127.0.0.1', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    expect(await failure(`http://card.example:${port}/`, { resolve: mixed })).toMatchObject({ code: 'blocked_url' });
    expect(seen.connections).toBe(0);
  });

  it('connects to the very address that was checked, however the name rebinds', async () => {
    const answers = ['127.0.0.1', '127.0.0.2', '127.0.0.2'];
    let lookups = 0;
    const resolve = async () => [{ address: answers[lookups++] ?? '127.0.0.2', family: 4 }];
    const { port, seen } = await serve((_request, response) => response.end('x'));
    const { bytes } = await fetchGuarded(`http://rebind.example:${port}/`, options({ resolve }));
    expect([bytes.toString(), lookups, seen.connections]).toEqual(['x', 1, 1]);
    // The next request makes its own lookup, and that one is checked again.
    expect(await failure(`http://rebind.example:${port}/`, { resolve })).toMatchObject({ code: 'blocked_url' });
    expect(seen.connections).toBe(1);
  });

  it('follows three redirects and checks each of them', async () => {
    let target = '';
    const { port, url } = await serve((request, response) => {
      const hop = Number(new URL(request.url ?? '', 'http://x').searchParams.get('hop'));
      if (request.url?.includes('end')) response.end('arrived');
      else if (target !== '') response.writeHead(302, { location: target }).end();
      else response.writeHead(307, { location: hop > 1 ? `/?hop=${hop - 1}` : '/end' }).end();
    });
    const { bytes } = await fetchGuarded(`http://127.0.0.1:${port}/?hop=3`, options());
    expect(bytes.toString()).toBe('arrived');
    expect(await failure(`http://127.0.0.1:${port}/?hop=4`)).toMatchObject({ code: 'image_fetch_failed' });
    for (const blocked of [
      'http://127.0.0.2/',
      'http://localhost/',
      'file:///etc/passwd',
      `http://u:p@127.0.0.1:${port}/end`,
    ]) {
      target = blocked;
      const resolve = async () => [{ address: '127.0.0.2', family: 4 }];
      expect(await failure(url, { resolve }), blocked).toMatchObject({ code: 'blocked_url' });
    }
  });

  it('stops at the cap while it downloads and while it decompresses', async () => {
    let sent = 0;
    const endless = await serve((_request, response) => {
      const more = () => {
        while (sent < 100 * MEBIBYTE && response.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      response.on('drain', more);
      more();
    });
    expect(await failure(endless.url)).toMatchObject({ code: 'payload_too_large' });
    expect(sent).toBeLessThan(50 * MEBIBYTE);

    const bomb = gzipSync(Buffer.alloc(64 * MEBIBYTE));
    const compressed = await serve((_request, response) => {
      response.setHeader('content-encoding', 'gzip').end(bomb);
    });
    expect(bomb.length).toBeLessThan(MEBIBYTE);
    expect(await failure(compressed.url)).toMatchObject({ code: 'payload_too_large' });
  });

  it('reads what is compressed honestly, and refuses what is not', async () => {
    const good = await serve((_request, response) => {
      response.setHeader('content-encoding', 'gzip').end(gzipSync('picture'));
    });
    expect((await fetchGuarded(good.url, options())).bytes.toString()).toBe('picture');
    for (const encoding of ['gzip', 'zstd-unknown']) {
      const bad = await serve((_request, response) => {
        response.setHeader('content-encoding', encoding).end('no such thing');
      });
      expect(await failure(bad.url)).toMatchObject({ code: 'image_fetch_failed' });
    }
  });

  it('gives up in time, whether the headers or the body drip', async () => {
    const silent = await serve(() => undefined);
    const dripping = await serve((_request, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    for (const { url } of [silent, dripping]) {
      const startedAt = performance.now();
      expect(await failure(url, { timeoutMs: 300 })).toMatchObject({ code: 'deadline_exceeded', status: 504 });
      expect(performance.now() - startedAt).toBeLessThan(10_000);
    }
  });

  it('says of other faults that the fetch failed, and never where', async () => {
    const gone = await serve((_request, response) => response.writeHead(404).end());
    const cut = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('x');
      response.destroy();
    });
    const resolve = () => Promise.reject(new Error('ENOTFOUND secret.example'));
    const { port: closed } = await serve(() => undefined);
    servers.pop()?.close();
    for (const [url, overrides] of [
      [gone.url, {}],
      [cut.url, {}],
      [`http://127.0.0.1:${closed}/secret`, {}],
      ['http://secret.example/', { resolve }],
    ] as const) {
      const error = (await failure(url, overrides)) as Error;
      expect(error).toMatchObject({ code: 'image_fetch_failed', status: 400 });
      expect(error.message).not.toMatch(/secret|127\.0|http/);
    }
  });
});
