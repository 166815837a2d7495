import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpServer } from '../../../src/api/server.ts';

const HEADERS_MS = 600;
const server = createHttpServer((request, response) => {
  request.resume().on('end', () => response.end('fine'));
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
  ])('is refused, and what follows it is not answered: %s', async (_name, bytes) => {
    const answer = await exchange(bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toContain('HTTP/1.1 200');
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

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
