import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LonelyApi, startLonelyApi } from '../../support/api.ts';

const KEY = 'a-key-of-the-test-0123456789';
const LARGE = 100_000_000;
const FORM = 'content-type: multipart/form-data; boundary=b';
const JSON_TYPE = 'content-type: application/json';
const MISSING_CURL = spawnSync('curl', ['--version']).status !== 0;
let api: LonelyApi;
beforeAll(async () => {
  api = await startLonelyApi({ API_KEYS: `${KEY}:chat+extract`, MAX_IMAGE_MB: '2', MAX_JSON_MB: '1' });
});
afterAll(() => api?.close());

/** A request that waits for 100 before it sends its body. */
function ask(line: string, length: number, ...headers: string[]) {
  const { hostname, port } = new URL(api.address);
  // It can send on when the server has ended its half.
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const announced = [`content-length: ${length}`, 'host: localhost', 'expect: 100-continue', ...headers];
  socket.write(`${line} HTTP/1.1\r\n${announced.join('\r\n')}\r\n\r\n`);
  return socket;
}

async function answerOf(socket: Socket): Promise<string> {
  const answer = await text(socket);
  socket.destroy();
  return answer;
}

describe('a request that asks before it sends its body', () => {
  const known = `authorization: Bearer ${KEY}`;

  it.each([
    ['401', 'invalid_api_key', 'POST /v1/files', LARGE, [FORM]],
    ['401', 'invalid_api_key', 'POST /v1/chat/completions', LARGE, [JSON_TYPE, 'authorization: Bearer wrong']],
    ['413', 'payload_too_large', 'POST /ktp-ocr', LARGE, [known, FORM]],
    ['413', 'payload_too_large', 'POST /v1/ktp/extractions', LARGE, [known, FORM]],
    ['413', 'payload_too_large', 'POST /v1/ktp/batches', 10_000_000_000, [known, FORM]],
    ['413', 'payload_too_large', 'POST /v1/files', 10_000_000_000, [known, FORM]],
    ['413', 'payload_too_large', 'POST /v1/chat/completions', LARGE, [known, JSON_TYPE]],
    ['400', 'unsupported_media_type', 'POST /v1/files', LARGE, [known, 'content-type: text/plain']],
    ['415', 'unsupported_content_encoding', 'POST /v1/responses', 900, [known, JSON_TYPE, 'content-encoding: odd']],
    ['404', 'not_found', 'POST /nothing', LARGE, [known, JSON_TYPE]],
    ['405', 'method_not_allowed', 'PUT /v1/files', LARGE, [known, FORM]],
  ] as const)(
    'is not told to send what its headers alone refuse: %s %s, %s',
    async (status, code, line, length, headers) => {
      const [head = '', body = ''] = (await answerOf(ask(line, length, ...headers))).split('\r\n\r\n');
      expect(head).toContain(`HTTP/1.1 ${status} `);
      expect(JSON.parse(body).error.code).toBe(code);
    },
  );

  it('is told to send it where its headers are in order, and goes on as any other', async () => {
    const body = '{"model":"none","messages":[{"role":"user","content":"a"}]}';
    const socket = ask('POST /v1/chat/completions', body.length, known, JSON_TYPE, 'connection: close');
    const [first] = await once(socket, 'data');
    expect(String(first)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(body);
    expect(await answerOf(socket)).toMatch(/^HTTP\/1\.1 404 [\s\S]*model_not_found/);
  });

  it('has its answer also where it did not wait, and sends all the same', async () => {
    const socket = ask('POST /v1/files', 8_000_000, FORM);
    let failed: Error | undefined;
    socket.on('error', (error) => (failed = error));
    let answer = '';
    socket.setEncoding('utf8').on('data', (bytes: string) => (answer += bytes));
    let isClosed = false;
    socket.once('close', () => (isClosed = true));
    const piece = Buffer.alloc(1_000_000);
    for (let sent = 0; sent < 8; sent++) {
      await sleep(5);
      expect(isClosed, 'it was cut off while it was sending').toBe(false);
      socket.write(piece);
    }
    socket.end();
    await expect.poll(() => isClosed).toBe(true);
    expect(failed).toBeUndefined();
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });

  it.skipIf(MISSING_CURL).each([
    ['without a key', '401', 0, []],
    ['too large', '413', 0, ['-H', known]],
  ] as const)('uploads nothing with curl: %s', async (_name, status, uploaded, headers) => {
    const args = ['-s', '-o', '-', '-w', '\n%{http_code} %{size_upload}', '--expect100-timeout', '60', '-H', FORM];
    const curl = spawn('curl', [...args, ...headers, '--data-binary', '@-', `${api.address}/ktp-ocr`]);
    curl.stdin.on('error', () => undefined);
    curl.stdin.end(Buffer.alloc(30_000_000));
    const [code, sent] = (await text(curl.stdout)).split('\n').at(-1)?.split(' ') ?? [];
    expect(code).toBe(status);
    expect(Number(sent)).toBe(uploaded);
  });
});
