/** One file for all that may be sent wrongly, since each file starts a platform of its own, and that takes seconds. */
import { readdirSync, statSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createHome } from '../support/database-template.ts';
import {
  exampleImage,
  exampleTruth,
  imageForm,
  type Job,
  jsonRequest,
  KeyedPlatform,
  temporaryFolder,
} from './embedded-platform.ts';
import { expectRefusal, type Refusal } from './refusal.ts';

const KEYS = {
  extract: 'e2e-key-of-tenant-a',
  other: 'e2e-key-of-tenant-b',
  chat: 'e2e-key-without-extract',
  admin: 'e2e-key-of-the-admin',
};
const EXTRACTIONS = '/v1/ktp/extractions';
const MISSING = `ext_${'0'.repeat(32)}`;

const folder = temporaryFolder();
const home = join(folder.path, 'home');
let platform: KeyedPlatform;
let card: Buffer;

beforeAll(async () => {
  const keys = [
    `${KEYS.extract}:extract:tenant-a`,
    `${KEYS.other}:extract+chat:tenant-b`,
    `${KEYS.chat}:chat:tenant-a`,
    `${KEYS.admin}:admin`,
  ];
  await createHome(home);
  platform = await KeyedPlatform.startKeyed(home, KEYS.extract, { API_KEYS: keys.join(',') });
  card = exampleImage(1);
});
afterAll(async () => {
  await platform?.end();
  folder.remove();
});
// Whatever was sent, the server goes on.
afterEach(async () => {
  const response = await platform.request('/livez');
  expect(response.status).toBe(200);
});

async function refused(path: string, init: RequestInit, refusal: Refusal): Promise<void> {
  await expectRefusal(await platform.request(path, init), refusal);
}

const post = (body: NonNullable<RequestInit['body']>, contentType?: string): RequestInit => ({
  method: 'POST',
  body,
  ...(contentType ? { headers: { 'content-type': contentType } } : {}),
});
const withImage = (bytes: Uint8Array | string): RequestInit => post(imageForm(Buffer.from(bytes)));

/** Every file under the blob folder, with its size. */
function storedBlobs(): string[] {
  const found: string[] = [];
  for (const name of readdirSync(join(home, 'blobs'), { recursive: true }) as string[]) {
    if (statSync(join(home, 'blobs', name)).isFile()) found.push(name);
  }
  return found;
}

describe('a bad image', () => {
  const blank = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: 'white' } });
  /** A small PNG whose header speaks of a large one. */
  const claiming = async (width: number, height: number) => {
    const png = await blank(8, 8).png().toBuffer();
    png.writeUInt32BE(width, 16);
    png.writeUInt32BE(height, 20);
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
    return png;
  };

  const cases: [name: string, bytes: () => Promise<Buffer> | Buffer, refusal: Refusal][] = [
    ['a text named .jpg', () => Buffer.from('this is no picture'), { status: 400, code: 'invalid_image' }],
    ['zero bytes', () => Buffer.alloc(0), { status: 400, code: 'invalid_image' }],
    ['a JPEG cut within its header', () => card.subarray(0, 150), { status: 400, code: 'invalid_image' }],
    ['a JPEG cut early', () => card.subarray(0, 6000), { status: 422, code: 'quality_rejected' }],
    ['random bytes', () => Buffer.alloc(5000, 0xa5), { status: 400, code: 'invalid_image' }],
    ['a PNG of 121 megapixels', () => claiming(11_000, 11_000), { status: 400, code: 'image_too_large_pixels' }],
    ['30 MB', () => Buffer.alloc(30_000_000, 0xff), { status: 413, code: 'payload_too_large' }],
    ['a picture of nothing', () => blank(800, 500).png().toBuffer(), { status: 422, code: 'not_a_ktp' }],
    ['a picture of one pixel', () => blank(1, 1).png().toBuffer(), { status: 422, code: 'not_a_ktp' }],
    ['a PDF without a page', () => Buffer.from('%PDF-1.7\n%âãÏÓ\n1 0 obj\n'), { status: 400, code: 'invalid_image' }],
    [
      'HEIC without a picture',
      () => Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'),
      { status: 400, code: 'invalid_image' },
    ],
    [
      'SVG',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      { status: 400, code: 'unsupported_media_type' },
    ],
  ];
  it.each(cases)('%s', async (_name, bytes, refusal) => {
    const image = await bytes();
    await refused('/ktp-ocr/', withImage(image), refusal);
    if (refusal.code === 'not_a_ktp' || refusal.code === 'quality_rejected') {
      const response = await platform.request(`${EXTRACTIONS}?wait=30`, withImage(image));
      expect(response.status).toBe(200);
      const job = await response.json();
      expect(job).toMatchObject({ status: 'failed', attempts: 1, error: { code: refusal.code }, result: null });
    } else {
      await refused(EXTRACTIONS, withImage(image), refusal);
    }
  });

  it('30 MB of JSON are 413 as well', async () => {
    const body = JSON.stringify({ image_base64: 'A'.repeat(30_000_000) });
    await refused(EXTRACTIONS, post(body, 'application/json'), { status: 413, code: 'payload_too_large' });
  });

  it('leaves no file behind', async () => {
    await expect.poll(storedBlobs).toEqual([]);
  });
});

describe('an unusual image is read nevertheless', () => {
  const cases: [name: string, bytes: () => Promise<Buffer>][] = [
    [
      'EXIF-rotated CMYK photo',
      () => sharp(card).rotate(-90).withMetadata({ orientation: 6 }).toColourspace('cmyk').jpeg().toBuffer(),
    ],
    [
      'animated GIF: its first frame',
      async () => {
        const { width, height } = await sharp(card).metadata();
        const second = await sharp({
          create: { width: width ?? 0, height: height ?? 0, channels: 3, background: 'red' },
        })
          .png()
          .toBuffer();
        return sharp([card, second], { join: { animated: true } })
          .gif({ colours: 256, dither: 0 })
          .toBuffer();
      },
    ],
  ];
  it.each(cases)('%s', async (_name, bytes) => {
    const response = await platform.request('/ktp-ocr/', withImage(await bytes()));
    const { nik, nama } = exampleTruth(1);
    expect(await response.json()).toMatchObject({ nik, nama });
    expect(response.status).toBe(200);
  });
});

describe('a bad multipart body', () => {
  const form = (fill: (form: FormData) => void): RequestInit => {
    const data = new FormData();
    fill(data);
    return post(data);
  };
  const file = (bytes: Uint8Array) => new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' });
  const part = (lines: string) => post(lines.replaceAll('\n', '\r\n'), 'multipart/form-data; boundary=edge');
  const missing: Refusal = { status: 422, code: 'missing_image' };
  const malformed: Refusal = { status: 400, code: 'malformed_request' };

  const both: [name: string, init: () => RequestInit, refusal: Refusal][] = [
    ['no body', () => ({ method: 'POST' }), missing],
    ['a form without the file', () => form((data) => data.append('other', 'x')), missing],
    ['the file under another name', () => form((data) => data.append('file', file(card), 'a.jpg')), missing],
    ['a text field instead of a file', () => form((data) => data.append('image', 'x')), missing],
    [
      'two files',
      () => form((data) => ['a.jpg', 'b.jpg'].map((name) => data.append('image', file(card), name))),
      { status: 400, code: 'invalid_value', param: 'image' },
    ],
    ['no boundary', () => post('x', 'multipart/form-data'), malformed],
    ['not what the boundary says', () => post('nothing of the kind', 'multipart/form-data; boundary=edge'), malformed],
    [
      'a file that is cut off',
      () => part('--edge\nContent-Disposition: form-data; name="image"; filename="a"\n\nbytes'),
      malformed,
    ],
    ['only the end', () => part('--edge--\n'), missing],
    [
      'options that are no JSON',
      () => form((data) => [data.append('image', file(card), 'a.jpg'), data.append('options', '{')]),
      { status: 400, code: 'invalid_json', param: 'options' },
    ],
    [
      'a thousand fields',
      () => form((data) => Array.from({ length: 1000 }, (_, index) => data.append(`field${index}`, 'x'))),
      { status: 400, code: 'invalid_value' },
    ],
    [
      'a huge field',
      () => form((data) => data.append('options', 'x'.repeat(200_000))),
      { status: 413, code: 'payload_too_large' },
    ],
  ];
  it.each(both)('%s', async (_name, init, refusal) => {
    await refused('/ktp-ocr/', init(), refusal);
    await refused(EXTRACTIONS, init(), refusal);
  });

  it('the order of the fields does not matter', async () => {
    for (const first of ['options', 'image']) {
      const data = new FormData();
      const options = () => data.append('options', JSON.stringify({ reference_id: 'r' }));
      const image = () => data.append('image', file(card), 'a.jpg');
      for (const append of first === 'options' ? [options, image] : [image, options]) append();
      const response = await platform.request(EXTRACTIONS, post(data));
      expect(response.status).toBe(202);
      expect(response.headers.get('retry-after')).toBe('1');
      const job = (await response.json()) as Job;
      expect(response.headers.get('location')).toBe(`${EXTRACTIONS}/${job.id}`);
      expect(job).toMatchObject({
        object: 'ktp.extraction',
        reference_id: 'r',
        links: { self: `${EXTRACTIONS}/${job.id}` },
      });
      expect((await platform.request(`${EXTRACTIONS}/${job.id}/cancel`, { method: 'POST' })).status).toBe(200);
    }
  });
});

describe('a bad JSON body', () => {
  const invalidValue: Refusal = { status: 400, code: 'invalid_value' };
  const invalidImage: Refusal = { status: 400, code: 'invalid_image' };
  const texts: [name: string, text: string, refusal: Refusal][] = [
    ['cut off', '{"image_base64":', { status: 400, code: 'invalid_json' }],
    ['not UTF-8 text', '\u0000', { status: 400, code: 'invalid_json' }],
    ['null', 'null', invalidValue],
    ['a list', '[]', invalidValue],
    ['a number', '7', invalidValue],
    ['an empty object', '{}', { status: 422, code: 'missing_image' }],
    ['null means absent', '{"image_url":null,"image_base64":null}', { status: 422, code: 'missing_image' }],
    ['two images', '{"image_url":"http://example.com/","image_base64":"AAAA"}', invalidValue],
    ['a number as image', '{"image_base64":1}', { ...invalidValue, param: 'image_base64' }],
    ['broken base64', '{"image_base64":"@@@"}', invalidImage],
    ['empty base64', '{"image_base64":""}', invalidImage],
    ['base64 of a text', '{"image_base64":"aGVsbG8="}', invalidImage],
    ['a data URL of a text', '{"image_url":"data:text/plain,hello"}', invalidImage],
    ['a data URL of nothing', '{"image_url":"data:,"}', invalidImage],
    [
      'an unknown strategy',
      '{"image_base64":"AAAA","options":{"strategy":"magic"}}',
      { ...invalidValue, param: 'options.strategy' },
    ],
    [
      'a long reference id',
      JSON.stringify({ image_base64: 'AAAA', options: { reference_id: 'x'.repeat(300) } }),
      { ...invalidValue, param: 'options.reference_id' },
    ],
    [
      'seventeen pairs of metadata',
      JSON.stringify({
        image_base64: 'AAAA',
        options: { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, 'v'])) },
      }),
      { ...invalidValue, param: 'options.metadata' },
    ],
    ['deeply nested', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, invalidValue],
    ['__proto__', '{"__proto__":{"image_base64":"AAAA"}}', { status: 422, code: 'missing_image' }],
  ];
  it.each(texts)('%s', (_name, text, refusal) => refused(EXTRACTIONS, post(text, 'application/json'), refusal));

  it.each(['text/plain', 'application/xml', 'image/jpeg', 'application/x-www-form-urlencoded', 'nonsense'])(
    'content type %s',
    async (type) => {
      await refused(EXTRACTIONS, post('{}', type), { status: 400, code: 'unsupported_media_type' });
    },
  );

  it('a body in an encoding that is not known', () =>
    refused(
      EXTRACTIONS,
      { ...post('{}'), headers: { 'content-type': 'application/json', 'content-encoding': 'compress' } },
      { status: 415, code: 'unsupported_content_encoding' },
    ));

  it('data URL and base64 of a card are taken', async () => {
    for (const body of [
      { image_base64: card.toString('base64') },
      { image_url: `data:image/jpeg;base64,${card.toString('base64')}` },
      { image_url: { url: `data:image/jpeg;base64,${card.toString('base64')}` } },
    ]) {
      const response = await platform.request(EXTRACTIONS, jsonRequest(body));
      expect(response.status).toBe(202);
      const { id } = (await response.json()) as Job;
      expect((await platform.request(`${EXTRACTIONS}/${id}`, { method: 'DELETE' })).status).toBe(204);
    }
  });
});

describe('an image_url that must not be fetched', () => {
  const blocked: Refusal = { status: 400, code: 'blocked_url', param: 'image_url' };
  const urls = [
    () => `${platform.address}/health`,
    () => platform.address.replace('127.0.0.1', 'localhost'),
    ...[
      'http://127.1/',
      'http://0x7f000001/',
      'http://2130706433/',
      'http://017700000001/',
      'http://0/',
      'http://[::1]/',
      'http://[::ffff:127.0.0.1]/',
      'http://[::ffff:7f00:1]/',
      'http://[64:ff9b::7f00:1]/',
      'http://10.1.2.3/',
      'http://172.16.0.1/',
      'http://192.168.0.1/',
      'http://100.64.0.1/',
      'http://169.254.169.254/latest/meta-data/',
      'http://[fd00:ec2::254]/',
      'http://[fe80::1]/',
      'http://224.0.0.1/',
      'http://255.255.255.255/',
      'http://192.0.2.1/',
      'http://user:secret@example.com/',
      'file:///etc/passwd',
      'ftp://example.com/a.jpg',
      'gopher://example.com/',
      'javascript:alert(1)',
      '/etc/passwd',
      'http://',
      '',
    ].map((url) => () => url),
  ];
  it('in any notation', async () => {
    for (const url of urls) await refused(EXTRACTIONS, jsonRequest({ image_url: url() }), blocked);
  });

  it('an unreachable host is a failed fetch', () =>
    refused(EXTRACTIONS, jsonRequest({ image_url: 'http://nobody.invalid/a.jpg' }), {
      status: 400,
      code: 'image_fetch_failed',
      param: 'image_url',
    }));
});

describe('who asks', () => {
  const as = (authorization: string): RequestInit => ({ headers: { authorization } });
  const invalidKey: Refusal = { status: 401, code: 'invalid_api_key' };
  const notFound: Refusal = { status: 404, code: 'not_found' };

  it.each([
    '',
    'Bearer',
    'Bearer wrong',
    `Basic ${KEYS.extract}`,
    KEYS.extract,
    `Bearer ${KEYS.extract}x`,
    `Bearer ${'x'.repeat(513)}`,
  ])('is nobody with the authorization %j', async (authorization) => {
    for (const path of [`${EXTRACTIONS}/${MISSING}`, '/metrics', '/openapi.json', '/docs', '/v1/admin/keys']) {
      await refused(path, as(authorization), invalidKey);
    }
    await refused('/ktp-ocr/', { ...withImage(card), ...as(authorization) }, invalidKey);
    for (const path of ['/health', '/livez', '/readyz']) {
      expect((await platform.request(path, as(authorization))).status).toBe(200);
    }
  });

  it('lacks a scope', async () => {
    const refusal: Refusal = { status: 403, code: 'insufficient_scope' };
    await refused('/ktp-ocr/', { ...withImage(card), ...as(`Bearer ${KEYS.chat}`) }, refusal);
    await refused(`${EXTRACTIONS}/${MISSING}`, as(`Bearer ${KEYS.admin}`), refusal);
    await refused('/v1/admin/keys', as(`Bearer ${KEYS.extract}`), refusal);
  });

  it("finds nothing of another tenant's", async () => {
    const id = await platform.submit(card);
    const stranger = as(`Bearer ${KEYS.other}`);
    await refused(`${EXTRACTIONS}/${id}`, stranger, notFound);
    await refused(`${EXTRACTIONS}/${id}`, { ...stranger, method: 'DELETE' }, notFound);
    await refused(`${EXTRACTIONS}/${id}/cancel`, { ...stranger, method: 'POST' }, notFound);
    expect((await platform.finished(id)).status).toBe('succeeded');
  });

  it('may send the scheme in any case', async () => {
    expect((await platform.request('/metrics', as(`bEaReR  ${KEYS.extract}`))).status).toBe(200);
  });
});

describe('paths and methods', () => {
  const notFound: Refusal = { status: 404, code: 'not_found' };
  it.each([
    '/',
    '/v1',
    '/v1/nothing',
    '/favicon.ico',
    '/ktp-ocr/more',
    '/../../etc/passwd',
    '//health',
    '/v1/ktp',
    '/%2e%2e/x',
  ])('%s is nothing', (path) => refused(path, {}, notFound));

  it.each([MISSING, 'ext_', 'x'.repeat(400), '..%2f..%2fhealth', 'ext_%00', '%F0%9F%98%80', "'%20OR%201=1--", '*'])(
    'an extraction %s is not there',
    async (id) => {
      const expected: Refusal = id.includes('%00') ? { status: 400, code: 'invalid_value' } : notFound;
      await refused(`${EXTRACTIONS}/${id}`, {}, expected);
      await refused(`${EXTRACTIONS}/${id}`, { method: 'DELETE' }, expected);
      await refused(`${EXTRACTIONS}/${id}/cancel`, { method: 'POST' }, expected);
    },
  );

  it('broken percent-encoding is malformed', () =>
    refused(`${EXTRACTIONS}/%ff%zz`, {}, { status: 400, code: 'malformed_request' }));

  it.each([
    ['GET', '/ktp-ocr/', 'POST, OPTIONS'],
    ['PUT', '/ktp-ocr', 'POST, OPTIONS'],
    ['PATCH', EXTRACTIONS, 'POST, GET, HEAD, OPTIONS'],
    ['DELETE', EXTRACTIONS, 'POST, GET, HEAD, OPTIONS'],
    ['POST', `${EXTRACTIONS}/${MISSING}`, 'GET, DELETE, HEAD, OPTIONS'],
    ['GET', `${EXTRACTIONS}/${MISSING}/cancel`, 'POST, OPTIONS'],
    ['POST', '/health', 'GET, HEAD, OPTIONS'],
  ])('%s %s is 405', async (method, path, allow) => {
    const response = await platform.request(path, { method });
    expect(response.headers.get('allow')).toBe(allow);
    await expectRefusal(response, { status: 405, code: 'method_not_allowed' });
    const options = await platform.request(path, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, allow]);
  });

  it('HEAD is answered where GET is, without a body', async () => {
    for (const path of ['/health', '/livez', '/metrics', '/openapi.json', `${EXTRACTIONS}/${MISSING}`]) {
      const [head, get] = await Promise.all([platform.request(path, { method: 'HEAD' }), platform.request(path)]);
      expect(head.status).toBe(get.status);
      expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
      expect(await head.text()).toBe('');
    }
  });

  it.each(['abc', '-1', '1e3', '0x10', ' 5', '1,5', 'Infinity', '9'.repeat(30)])('?wait=%s is no number', (wait) =>
    refused(
      `${EXTRACTIONS}/${MISSING}?wait=${encodeURIComponent(wait)}`,
      {},
      { status: 400, code: 'invalid_value', param: 'wait' },
    ),
  );

  it('keeps a request id of the allowed form, and makes one otherwise', async () => {
    for (const [given, kept] of [
      ['my.id_1:2-3', true],
      ['x'.repeat(128), true],
      ['x'.repeat(129), false],
      ['no blanks', false],
      ['3504074906650000', true],
    ] as const) {
      const response = await platform.request('/livez', { headers: { 'x-request-id': given } });
      if (kept) expect(response.headers.get('x-request-id')).toBe(given);
      else expect(response.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{24}$/);
    }
  });
});

/** Writes bytes to the socket and answers all that comes back until it is closed. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(platform.address);
    const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1'));
    let answer = '';
    socket.setTimeout(10_000, () => socket.destroy(new Error('no end of the answer')));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', (error) => (answer === '' ? reject(error) : undefined));
  });
}

describe('what is no HTTP', () => {
  it.each([
    ['nonsense', 'nonsense\r\n\r\n', 400, 'malformed_request'],
    ['a broken header', 'GET /livez HTTP/1.1\r\nhost x\r\n\r\n', 400, 'malformed_request'],
    ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400, 'malformed_request'],
    [
      'a huge header',
      `GET /livez HTTP/1.1\r\nhost: x\r\nx-big: ${'x'.repeat(40_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    [
      'two lengths',
      'POST /ktp-ocr/ HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 5\r\n\r\nabc',
      400,
      'malformed_request',
    ],
    [
      'length and chunks at once',
      'POST /ktp-ocr/ HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'malformed_request',
    ],
  ])('%s', async (_name, bytes, status, code) => {
    const answer = await raw(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer.toLowerCase()).toContain('x-request-id: req_');
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)).error).toMatchObject({ code });
  });

  it('an upload that breaks off leaves nothing', async () => {
    const before = storedBlobs().length;
    await new Promise<void>((resolve) => {
      const upload = httpRequest(`${platform.address}/ktp-ocr/`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${KEYS.extract}`,
          'content-type': 'multipart/form-data; boundary=edge',
          'content-length': 1_000_000,
        },
      });
      upload.on('error', () => resolve());
      upload.write('--edge\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n');
      upload.write(card.subarray(0, 20_000));
      setTimeout(() => upload.destroy(), 200);
    });
    await expect.poll(() => storedBlobs().length).toBeLessThanOrEqual(before);
  });
});

/** fetch refuses some of what a fuzzer sends. */
function send(method: string, path: string, headers: IncomingHttpHeaders, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(platform.address);
    // Node would send the body of a GET without a length: bytes between two requests.
    const all = { ...headers, 'content-length': body.length };
    const sent = httpRequest({ hostname, port, method, path, headers: all, timeout: 20_000 }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path} hangs`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Without lone surrogates, which no URL can hold. */
const wellFormed = (text: string) => Buffer.from(text).toString();

describe('random requests', () => {
  const authorization = `Bearer ${KEYS.extract}`;
  const segment = fc.oneof(
    fc.constantFrom(
      'v1',
      'ktp',
      'extractions',
      'ktp-ocr',
      'cancel',
      'events',
      'health',
      'admin',
      'keys',
      'chat',
      'batches',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => encodeURIComponent(wellFormed(text))),
    fc.string({ unit: fc.constantFrom(..."%2e/.\\0aF-_~;:@&=+$,!*'()"), maxLength: 20 }),
  );
  const query = fc.dictionary(
    fc.constantFrom('wait', 'limit', 'cursor', 'status', 'reference_id', 'after', 'x'),
    fc.string({ unit: 'binary', maxLength: 30 }).map((text) => wellFormed(text)),
    { maxKeys: 3 },
  );
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .record(
        {
          image_url: fc.oneof(fc.webUrl({ validSchemes: ['ftp', 'file', 'x'] }), fc.string(), fc.jsonValue()),
          image_base64: fc.oneof(fc.base64String(), fc.string(), fc.jsonValue()),
          options: fc.oneof(
            fc.jsonValue(),
            fc.record(
              { strategy: fc.string(), metadata: fc.jsonValue(), reference_id: fc.string({ unit: 'binary' }) },
              { requiredKeys: [] },
            ),
          ),
        },
        { requiredKeys: [] },
      )
      .map((value) => Buffer.from(JSON.stringify(value))),
    fc
      .array(
        fc.constantFrom(
          '--edge',
          '--edge--',
          '\r\n',
          'Content-Disposition: form-data; name="image"',
          '; filename="x"',
          'abc',
          '\0',
        ),
        {
          maxLength: 20,
        },
      )
      .map((parts) => Buffer.from(parts.join(''))),
  );
  const contentType = fc.constantFrom(
    'application/json',
    'multipart/form-data; boundary=edge',
    'multipart/form-data',
    'text/plain',
    'application/x-www-form-urlencoded',
    '',
  );

  it('never end in a 5xx', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'),
        fc.array(segment, { maxLength: 5 }),
        query,
        contentType,
        body,
        async (method, segments, parameters, type, bytes) => {
          const search = new URLSearchParams(parameters).toString();
          const path = `/${segments.join('/')}${search === '' ? '' : `?${search}`}`.replace(/[^\x21-\x7e]/g, '_');
          const status = await send(method, path, { authorization, 'content-type': type }, bytes);
          expect(status).toBeGreaterThanOrEqual(200);
          expect(status).toBeLessThan(500);
        },
      ),
      { seed: 3, numRuns: 100 },
    );
    await fc.assert(
      fc.asyncProperty(contentType, body, fc.constantFrom('/ktp-ocr/', EXTRACTIONS), async (type, bytes, path) => {
        const status = await send('POST', path, { authorization, 'content-type': type }, bytes);
        expect(status).toBeGreaterThanOrEqual(400);
        expect(status).toBeLessThan(500);
      }),
      { seed: 3, numRuns: 100 },
    );
  });
});

describe('without Temporal', () => {
  const unavailable: Refusal = { status: 503, code: 'temporal_unavailable' };

  it('frozen: says so in time, goes on afterwards, and then keeps nothing of what it refused', {
    timeout: 90_000,
  }, async () => {
    const done = await platform.submit(card);
    await platform.finished(done);
    const temporal = platform.part('temporal');
    process.kill(temporal.pid, 'SIGSTOP');
    try {
      expect((await platform.request('/livez')).status).toBe(200);
      await expect.poll(async () => (await platform.request('/readyz')).status).toBe(503);
      await refused('/readyz', {}, unavailable);
      const health = await platform.request('/health');
      expect(health.status).toBe(200);
      expect(await health.json()).toMatchObject({
        ok: false,
        temporal: { connected: false },
        database: { connected: true },
      });
      const startedAt = performance.now();
      await Promise.all([
        refused('/ktp-ocr/', withImage(card), unavailable),
        refused(EXTRACTIONS, withImage(card), unavailable),
        refused(`${EXTRACTIONS}?wait=20`, withImage(card), unavailable),
        refused(`${EXTRACTIONS}/${done}`, { method: 'DELETE' }, unavailable),
      ]);
      expect(performance.now() - startedAt).toBeLessThan(15_000);
      // What needs no Temporal works.
      expect((await platform.job(done)).status).toBe('succeeded');
      await refused('/ktp-ocr/', withImage('no picture'), { status: 400, code: 'invalid_image' });
    } finally {
      process.kill(temporal.pid, 'SIGCONT');
    }
    await platform.readyAgain();
    // Nobody could know whether they were started: now that can be asked.
    await expect.poll(storedBlobs, { timeout: 60_000, interval: 500 }).toEqual([]);
    expect((await platform.request('/ktp-ocr/', withImage(card))).status).toBe(200);
    expect((await platform.request(`${EXTRACTIONS}/${done}`, { method: 'DELETE' })).status).toBe(204);
  });

  it('killed: a card that is handed in meanwhile waits for its return', { timeout: 90_000 }, async () => {
    process.kill(platform.part('temporal').pid, 'SIGKILL');
    const response = await platform.request('/ktp-ocr/', withImage(card));
    if (response.status !== 200) await expectRefusal(response, unavailable);
    await platform.readyAgain();
    expect((await platform.request('/ktp-ocr/', withImage(card))).status).toBe(200);
  });
});
