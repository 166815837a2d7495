import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bearer, errorOf, imageForm, specimen, startLonelyApi, type TestApi } from '../../support/api.ts';
import { type RefusingTemporal, startRefusingTemporal } from '../../support/refusing-temporal.ts';

const BOUNDARY = 'ktpflow-boundary';
/** What is accepted as a whole is 503. */
let temporal: RefusingTemporal;
let api: TestApi;
let image: Buffer;

beforeAll(async () => {
  temporal = await startRefusingTemporal();
  api = await start({ MAX_IMAGE_MB: '2', MAX_IMAGE_MEGAPIXELS: '10' });
  image = await specimen();
});
afterAll(async () => {
  await api?.close();
  await temporal.close();
});

const start = (environment: Record<string, string>) =>
  startLonelyApi({ ...environment, TEMPORAL_ADDRESS: temporal.address });

const post = (body: NonNullable<RequestInit['body']>, headers: Record<string, string> = {}) =>
  api.request('/ktp-ocr/', { method: 'POST', body, headers });
const multipart = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };

function part(name: string, content: string | Buffer, head = ''): Buffer {
  const disposition = `content-disposition: form-data; name="${name}"${head}`;
  return Buffer.concat([
    Buffer.from(`--${BOUNDARY}\r\n${disposition}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
}
const file = (content: string | Buffer, name = 'image') =>
  part(name, content, '; filename="a.jpg"\r\ncontent-type: image/jpeg');
const end = Buffer.from(`--${BOUNDARY}--\r\n`);
const form = (...parts: Buffer[]) => post(new Uint8Array(Buffer.concat([...parts, end])), multipart);

/** Nothing of a refused upload may stay. */
async function blobs(): Promise<string[]> {
  const left: string[] = [];
  for await (const blob of api.context.blobs.listOlderThan(new Date(Date.now() + 60_000))) left.push(blob);
  return left;
}

describe('an upload', () => {
  it('without an image is 422 missing_image', async () => {
    expect(await errorOf(await form())).toMatchObject({ status: 422, code: 'missing_image' });
    expect(await errorOf(await form(file(image, 'file')))).toMatchObject({ status: 422, code: 'missing_image' });
    expect(await errorOf(await form(part('image', 'text')))).toMatchObject({ status: 422, code: 'missing_image' });
    expect(await errorOf(await api.request('/ktp-ocr', { method: 'POST' }))).toMatchObject({ code: 'missing_image' });
    expect(await errorOf(await post(new URLSearchParams({ image: 'x' })))).toMatchObject({ code: 'missing_image' });
    expect(await errorOf(await post('{}', { 'content-type': 'application/json' }))).toMatchObject({
      status: 400,
      code: 'unsupported_media_type',
    });
  });

  it('that is no image is 400 at once, and nothing of it stays', async () => {
    const large = await sharp({ create: { width: 4000, height: 3000, channels: 3, background: 'white' } })
      .png()
      .toBuffer();
    for (const [name, content, code] of [
      ['zero bytes', '', 'invalid_image'],
      ['text', 'this is not a picture '.repeat(20_000), 'invalid_image'],
      ['a cut header', image.subarray(0, 40), 'invalid_image'],
      ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'unsupported_media_type'],
      ['12 megapixels', large, 'image_too_large_pixels'],
    ] as const) {
      expect(await errorOf(await form(file(content))), name).toMatchObject({ status: 400, code });
    }
    expect(await blobs()).toEqual([]);
  });

  it('of many parts that are no image writes no file for each of them', async () => {
    const batch = (parts: Buffer[]) =>
      api.request('/v1/ktp/batches', {
        method: 'POST',
        headers: multipart,
        body: new Uint8Array(Buffer.concat([...parts, end])),
      });
    const write = vi.spyOn(api.context.blobs, 'write');
    // Accepted, with items that have failed: only Temporal stops it.
    const noImages = Array.from({ length: 200 }, (_, index) => file(index % 2 === 0 ? '' : 'no picture', 'images'));
    expect(await errorOf(await batch(noImages))).toMatchObject({ status: 503, code: 'temporal_unavailable' });
    expect(write).not.toHaveBeenCalled();
    const small = await sharp({ create: { width: 20, height: 20, channels: 3, background: 'white' } })
      .png()
      .toBuffer();
    expect(await errorOf(await batch([file(small, 'images')]))).toMatchObject({ code: 'temporal_unavailable' });
    expect(write).toHaveBeenCalledOnce();
    write.mockRestore();
    expect(await blobs()).toEqual([]);
  });

  it('above the cap is 413 without hanging, whether its length is announced or not', async () => {
    const bytes = new Uint8Array(30 * 1024 * 1024);
    expect(await errorOf(await post(imageForm(bytes)))).toMatchObject({ status: 413, code: 'payload_too_large' });
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(file('').subarray(0, -2)));
      },
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    });
    const response = await api.request('/ktp-ocr/', {
      method: 'POST',
      body,
      headers: multipart,
      duplex: 'half',
    } as RequestInit);
    expect(await errorOf(response)).toMatchObject({ status: 413, code: 'payload_too_large' });
    expect(await blobs()).toEqual([]);
    expect((await api.request('/livez')).status).toBe(200);
  });

  it('that is broken as a form is 400', async () => {
    expect(await errorOf(await post('x', { 'content-type': 'multipart/form-data' }))).toMatchObject({ status: 400 });
    const cut = new Uint8Array(file(image).subarray(0, -500));
    expect(await errorOf(await post(cut, multipart))).toMatchObject({ status: 400, code: 'malformed_request' });
    expect(await errorOf(await form(file(image), file(image)))).toMatchObject({
      code: 'invalid_value',
      param: 'image',
    });
    const many = Array.from({ length: 60 }, (_, index) => part(`f${index}`, 'x'));
    expect(await errorOf(await form(...many))).toMatchObject({ status: 400, code: 'invalid_value' });
    expect(await blobs()).toEqual([]);
  });

  it('with bad options is refused by their path, before or after the file', async () => {
    const bad = part('options', '{"strategy":"guess"}');
    const send = (...parts: Buffer[]) =>
      api.request('/v1/ktp/extractions', {
        method: 'POST',
        body: new Uint8Array(Buffer.concat([...parts, end])),
        headers: multipart,
      });
    for (const parts of [
      [bad, file(image)],
      [file(image), bad],
    ]) {
      expect(await errorOf(await send(...parts))).toEqual({
        status: 400,
        code: 'invalid_value',
        param: 'options.strategy',
      });
    }
    expect(await errorOf(await send(file(image), part('options', '{')))).toMatchObject({ code: 'invalid_json' });
    expect(await blobs()).toEqual([]);
  });

  it('that the client breaks off leaves nothing behind', async () => {
    const { hostname, port } = new URL(api.address);
    const socket = connect(Number(port), hostname);
    const body = file(image);
    socket.write(
      `POST /ktp-ocr/ HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${multipart['content-type']}\r\ncontent-length: ${body.length + 1000}\r\n\r\n`,
    );
    socket.write(body.subarray(0, body.length / 2));
    await sleep(200);
    socket.destroy();
    await expect.poll(blobs).toEqual([]);
    await expect.poll(() => api.logs.join('')).toContain('"status":499');
    expect(api.logs.join('')).not.toContain('"code":"internal"');
  });

  it('is probed whole where its header stands at the end, as in a TIFF', async () => {
    const tiff = await sharp(image).resize(600).tiff({ compression: 'none' }).toBuffer();
    expect(tiff.length).toBeGreaterThan(256 * 1024);
    // Accepted: only Temporal stops it.
    expect(await errorOf(await form(file(tiff)))).toMatchObject({ status: 503, code: 'temporal_unavailable' });
    expect(await blobs()).toEqual([]);
  });
});

describe('an answer that goes out before the upload is in', () => {
  it('is not lost to a reset where the client wants the connection closed, as nginx does', async () => {
    const { hostname, port } = new URL(api.address);
    const socket = connect(Number(port), hostname);
    const length = 8 * 1024 * 1024;
    socket.write(
      `POST /ktp-ocr/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: ${multipart['content-type']}\r\ncontent-length: ${length}\r\n\r\n`,
    );
    let answer = '';
    let failed: Error | undefined;
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.on('error', (error) => (failed = error));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    // Larger than an image may be: refused by the length that it announces.
    socket.write(new Uint8Array(length));
    await ended;
    expect(failed).toBeUndefined();
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe('a JSON body that is too large', () => {
  it.each([
    ['announced', 'content-length: 99999999', '{'],
    ['chunked', 'transfer-encoding: chunked', `2000000\r\n${' '.repeat(0x2000000)}`],
  ])('is refused at once, and not when its last byte is in: %s', async (_name, header, beginning) => {
    const { hostname, port } = new URL(api.address);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.write(
      `POST /v1/ktp/extractions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${header}\r\n\r\n${beginning}`,
    );
    // It never sends the rest.
    const [answer] = await once(socket.setEncoding('utf8'), 'data');
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });
});

/** The beginning of an upload, of which nothing more comes until it is destroyed. */
function slowUpload({ address }: TestApi, path: string, contentLength: number, key = 'none'): Socket {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.write(
    [
      `POST ${path} HTTP/1.1`,
      'host: localhost',
      `authorization: Bearer ${key}`,
      `content-type: ${multipart['content-type']}`,
      `content-length: ${contentLength}`,
      '',
      '',
    ].join('\r\n'),
  );
  socket.write(file(image).subarray(0, 1000));
  return socket;
}

describe('slow uploads', () => {
  it('hold no place among the requests that wait for an answer', async () => {
    const small = await start({ MAX_WAITING_INTERACTIVE: '1' });
    const slow = Array.from({ length: 5 }, () => slowUpload(small, '/ktp-ocr/', 100_000));
    await sleep(300);
    const response = await small.request('/ktp-ocr/', { method: 'POST', body: imageForm(image) });
    expect(await errorOf(response)).toMatchObject({ status: 503, code: 'temporal_unavailable' });
    for (const socket of slow) socket.destroy();
    await small.close();
  });

  it('of one tenant fill neither the disk nor the places of the others', async () => {
    const limits = { MAX_UPLOAD_MB: '1', MAX_JSON_MB: '1', MAX_IMAGE_MB: '1' };
    const keys = 'key-of-tenant-a:extract:a,key-of-tenant-b:extract:b';
    const small = await start({ ...limits, API_KEYS: keys });
    const slow = Array.from({ length: 4 }, () => slowUpload(small, '/v1/ktp/batches', 1024 * 1024, 'key-of-tenant-a'));
    await sleep(300);
    const send = async (key: string) =>
      errorOf(await small.request('/ktp-ocr/', { method: 'POST', body: imageForm(image), ...bearer(key) }));
    expect(await send('key-of-tenant-a')).toMatchObject({ status: 429, code: 'queue_full' });
    expect(await send('key-of-tenant-b')).toMatchObject({ status: 503, code: 'temporal_unavailable' });
    for (const socket of slow) socket.destroy();
    await expect.poll(() => send('key-of-tenant-a')).toMatchObject({ status: 503 });
    await small.close();
  });
});
