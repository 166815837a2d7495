import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpServer } from '../../../src/api/server.ts';

const HEADERS_MS = 600;
const server = createHttpServer((request, response) => {
  const isEcho = request.url?.startsWith('/echo');
  request.resume().on('end', () => response.end(isEcho ? `${request.headers.host} ${request.url}` : 'fine'));
}, HEADERS_MS);
let port = 0;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends bytes as they are, and gives everything that came until the server closed the connection. */
async function exchange(bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes, 'latin1');
  try {
    return await text(socket);
  } finally {
    socket.destroy();
  }
}

describe('a request that two programs could read differently', () => {
  const smuggled = 'GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
  const post = (headers: string, body: string) => `POST /livez HTTP/1.1\r\nhost: x\r\n${headers}\r\n\r\n${body}`;

  it.each([
    ['a length and chunks', post('content-length: 4\r\ntransfer-encoding: chunked', `0\r\n\r\n${smuggled}`)],
    ['two lengths', post('content-length: 0\r\ncontent-length: 44', smuggled)],
    ['a signed length', post('content-length: +0', smuggled)],
    ['chunks under another name', post('transfer-encoding: xchunked', `0\r\n\r\n${smuggled}`)],
    ['chunks that are not last', post('transfer-encoding: chunked, identity', `0\r\n\r\n${smuggled}`)],
    ['a blank before the colon', post('transfer-encoding : chunked', `0\r\n\r\n${smuggled}`)],
    ['a folded header', post('x-a: b\r\n transfer-encoding: chunked\r\ncontent-length : 0', smuggled)],
    ['a length of a chunk that is none', post('transfer-encoding: chunked', `0x1\r\na\r\n0\r\n\r\n${smuggled}`)],
    ['a bare line feed in a chunk', post('transfer-encoding: chunked', `1\na\n0\n\n${smuggled}`)],
    ['a NUL in a header', post('x-a: a\0b\r\ncontent-length: 0', smuggled)],
    ['no host', 'GET /livez HTTP/1.1\r\n\r\n'],
    ['two hosts', `GET /livez HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n${smuggled}`],
    ['the same host twice', `GET /livez HTTP/1.1\r\nhost: a\r\nHost: a\r\n\r\n${smuggled}`],
    ['two hosts in HTTP/1.0', `GET /livez HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n${smuggled}`],
    ['a host behind two thousand headers', post(`${'a:b\r\n'.repeat(2_100)}host: y`, smuggled)],
    ['a host that is a list', `GET /livez HTTP/1.1\r\nhost: a, b\r\n\r\n${smuggled}`],
    ['a host with a user', `GET /livez HTTP/1.1\r\nhost: a@b\r\n\r\n${smuggled}`],
    ['a host with a path', `GET /livez HTTP/1.1\r\nhost: a/b\r\n\r\n${smuggled}`],
    ['a URL that is none', `GET http://[/livez HTTP/1.1\r\nhost: x\r\n\r\n${smuggled}`],
    ['a URL of another scheme', `GET ftp://x/livez HTTP/1.1\r\nhost: x\r\n\r\n${smuggled}`],
    ['another version', `GET /livez HTTP/2.0\r\nhost: x\r\n\r\n${smuggled}`],
  ])('is refused, and what follows it is not answered: %s', async (_name, bytes) => {
    const answer = await exchange(bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toContain('HTTP/1.1 200');
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '').error).toMatchObject({ code: 'malformed_request' });
  });

  it.each(['x', 'x:3000', '', '127.0.0.1:80', '[::1]:3000', 'my_service.internal', 'xn--bcher-kva.example'])(
    'is not one with a usual host: %s',
    async (host) => {
      const answer = await exchange(`GET /livez HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    },
  );

  it.each([
    ['400', 'GET /livez HTTP/1.1\r\n\r\n', 'no Host header'],
    ['417', 'GET /livez HTTP/1.1\r\nhost: x\r\nexpect: tea\r\n\r\n', '100-continue'],
  ])('says so in the form of every error, where Node would say nothing: %s', async (status, bytes, said) => {
    const [head = '', body = ''] = (await exchange(bytes)).split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(head).toMatch(/^x-request-id: req_/m);
    expect(JSON.parse(body).error).toMatchObject({ code: 'malformed_request' });
    expect(body).toContain(said);
  });

  it.each([
    ['405', 'CONNECT x:80 HTTP/1.1\r\nhost: x:80\r\n\r\n', 'method_not_allowed'],
    ['431', `GET /livez HTTP/1.1\r\nhost: x\r\nx-a: ${'a'.repeat(17_000)}\r\n\r\n`, 'headers_too_large'],
    ['431', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 'headers_too_large'],
    ['400', 'FOO /livez HTTP/1.1\r\nhost: x\r\n\r\n', 'malformed_request'],
    ['400', 'GET livez HTTP/1.1\r\nhost: x\r\n\r\n', 'malformed_request'],
  ])('is not closed in silence: %s', async (status, bytes, code) => {
    const [head = '', body = ''] = (await exchange(bytes)).split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(JSON.parse(body).error.code).toBe(code);
  });

  it('has the host of its URL, and not that of its header, where it comes as to a proxy', async () => {
    const answer = await exchange('GET http://real/echo?a=b HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n[\s\S]*real \/echo\?a=b/);
  });

  it('gets its own answer where others follow before it is out', async () => {
    const of = (path: string, close = '') => `GET ${path} HTTP/1.1\r\nhost: x\r\n${close}\r\n`;
    const answer = await exchange(of('/echo?1') + of('/echo?2') + of('/echo?3', 'connection: close\r\n'));
    expect(answer.match(/x \/echo\?\d/g)).toEqual(['x /echo?1', 'x /echo?2', 'x /echo?3']);
  });

  it('may come without a host in HTTP/1.0, which has none', async () => {
    expect(await exchange('GET /livez HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 .+fine$/s);
  });
});

describe('a connection that says nothing, or a letter now and then', () => {
  it('is closed when its headers are not in within their time, also one that is kept alive', async () => {
    const slow = connect(port, '127.0.0.1');
    slow.write('GET / HTTP/1.1\r\nhost: x\r\n');
    const drip = setInterval(() => slow.write('x-a: b\r\n'), 100);
    slow.on('close', () => clearInterval(drip)).on('error', () => clearInterval(drip));
    expect(await text(slow)).toMatch(/^HTTP\/1\.1 408 [\s\S]*request_timeout/);
    const again = connect(port, '127.0.0.1');
    again.write('GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n');
    expect(await text(again)).toMatch(/^HTTP\/1\.1 200 [\s\S]*fine[\s\S]*HTTP\/1\.1 408 /);
  });
});
