import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseChatRequest } from '../../src/chat/request.ts';
import { readConfig } from '../../src/config.ts';
import { prepareGeneration } from '../../src/inference/chat/prepare-generation.ts';
import type { Engine, EngineContentPart } from '../../src/inference/engine.ts';
import { createOpenAiCompatibleEngine } from '../../src/inference/openai-compatible/openai-compatible-engine.ts';
import { findFfmpeg } from '../../src/media/ffmpeg.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

let folder: string;
let files: Server;
let address: string;
let upstream: Upstream;
let engine: Engine;
const signal = new AbortController().signal;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prepare-test-'));
  await mkdir(join(folder, 'allowed'));
  await writeFile(join(folder, 'allowed', 'in.jpg'), await picture());
  await writeFile(join(folder, 'secret.jpg'), await picture());
  await symlink(join(folder, 'secret.jpg'), join(folder, 'allowed', 'link.jpg'));
  const video = join(folder, 'video.mp4');
  const source = 'testsrc=size=320x240:rate=10:duration=2';
  await promisify(execFile)(await findFfmpeg(undefined), [
    ...['-v', 'error', '-f', 'lavfi', '-i', source, '-c:v', 'libx264', '-pix_fmt', 'yuv420p', video],
  ]);
  const served: Record<string, Buffer> = {
    '/photo.jpg': await picture(),
    '/page.html': Buffer.from('<html>no image</html>'),
    '/video.mp4': await readFile(video),
    '/large.jpg': Buffer.alloc(2_000_000),
  };
  files = createServer((request, response) => {
    const body = served[request.url ?? ''];
    if (request.url === '/slow.jpg') return;
    response.writeHead(body ? 200 : 404).end(body);
  });
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
  upstream = await startUpstream({ maxModelLength: 200_000 });
  engine = createOpenAiCompatibleEngine({
    id: 'openai',
    baseUrl: upstream.url,
    modelId: 'Qwen/Qwen3-VL-2B-Instruct',
    maxImagePixels: 100_000,
  });
});

afterAll(async () => {
  await engine.close();
  await upstream.close();
  files.closeAllConnections();
  await new Promise((resolve) => files.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

/** Red at the top, blue below, as stored: with EXIF orientation 6 the red is to the right. */
function picture({ width = 800, height = 600, orientation = 1 } = {}): Promise<Buffer> {
  const top = { create: { width, height: height / 2, channels: 3 as const, background: 'red' } };
  return sharp({ create: { width, height, channels: 3, background: 'blue' } })
    .composite([{ input: top, top: 0, left: 0 }])
    .withMetadata({ orientation })
    .jpeg()
    .toBuffer();
}

const dataUrl = (bytes: Buffer) => `data:image/jpeg;base64,${bytes.toString('base64')}`;

async function prepare(content: unknown, environment: Record<string, string> = {}, to = engine) {
  const request = parseChatRequest({ model: 'm', messages: [{ role: 'user', content }] });
  const config = readConfig({ ALLOW_PRIVATE_URLS: '1', ...environment });
  const prepared = await prepareGeneration(request, to, { config, signal });
  return prepared.messages[0]?.content ?? [];
}

function only<Type extends EngineContentPart['type']>(parts: readonly EngineContentPart[], type: Type) {
  const [part] = parts;
  if (part?.type !== type) throw new Error(`expected one ${type}`);
  return part as Extract<EngineContentPart, { type: Type }>;
}

describe('pictures in messages', () => {
  it.each([
    ['a data URL', async () => ({ type: 'image_url', image_url: { url: dataUrl(await picture()) } })],
    ['an http URL', async () => ({ type: 'image_url', image_url: `${address}/photo.jpg` })],
    ['b64_json', async () => ({ type: 'input_image', b64_json: (await picture()).toString('base64') })],
    ['image', async () => ({ type: 'input_image', image: (await picture()).toString('base64') })],
    ['image_url', async () => ({ type: 'input_image', image_url: `${address}/photo.jpg` })],
  ])('are resolved and scaled down to what the model takes: %s', async (_name, part) => {
    const image = only(await prepare([await part()]), 'image');
    const { width, height, format } = await sharp(image.bytes).metadata();
    expect(width * height).toBeLessThanOrEqual(100_000);
    expect(width / height).toBeCloseTo(800 / 600, 1);
    expect(`image/${format}`).toBe(image.mimeType);
  });

  it('are turned upright, and lose their metadata', async () => {
    const url = dataUrl(await picture({ orientation: 6 }));
    const image = only(await prepare([{ type: 'image_url', image_url: { url } }]), 'image');
    const { data, info } = await sharp(image.bytes).raw().toBuffer({ resolveWithObject: true });
    expect(info.height).toBeGreaterThan(info.width);
    const at = (x: number) => data[(Math.floor(info.height / 2) * info.width + x) * 3]!;
    expect(at(5)).toBeLessThan(60);
    expect(at(info.width - 5)).toBeGreaterThan(200);
    expect((await sharp(image.bytes).metadata()).exif).toBeUndefined();
  });

  it('get a white ground where they are transparent', async () => {
    const background = { r: 0, g: 0, b: 0, alpha: 0 };
    const png = await sharp({ create: { width: 64, height: 64, channels: 4, background } })
      .png()
      .toBuffer();
    const url = `data:image/png;base64,${png.toString('base64')}`;
    const image = only(await prepare([{ type: 'image_url', image_url: url }]), 'image');
    expect(image.mimeType).toBe('image/png');
    expect((await sharp(image.bytes).stats()).channels[0]!.mean).toBe(255);
  });

  it.each([
    ['no image behind a URL', () => `${address}/page.html`, {}, 'image_fetch_failed'],
    ['nothing behind a URL', () => `${address}/none.jpg`, {}, 'image_fetch_failed'],
    ['a private address', () => `${address}/photo.jpg`, { ALLOW_PRIVATE_URLS: '0' }, 'blocked_url'],
    ['another scheme', () => 'ftp://example.org/a.jpg', {}, 'blocked_url'],
    ['more bytes than allowed', () => `${address}/large.jpg`, { MAX_IMAGE_MB: '1' }, 'payload_too_large'],
    ['a slow server', () => `${address}/slow.jpg`, { FETCH_TIMEOUT_SECONDS: '1' }, 'deadline_exceeded'],
    ['text that says it is an image', () => dataUrl(Buffer.from('hello')), {}, 'invalid_image'],
    ['a PDF without a page', () => dataUrl(Buffer.from('%PDF-1.7')), {}, 'invalid_image'],
  ])('are refused: %s', async (_name, url, environment, code) => {
    await expect(prepare([{ type: 'image_url', image_url: url() }], environment)).rejects.toMatchObject({
      code,
      param: 'messages[0].content[0]',
    });
  });

  it('are refused above the megapixels allowed, before they are decoded', async () => {
    const url = dataUrl(await picture({ width: 2000, height: 1000 }));
    await expect(prepare([{ type: 'image_url', image_url: url }], { MAX_IMAGE_MEGAPIXELS: '1' })).rejects.toMatchObject(
      { code: 'image_too_large_pixels' },
    );
  });

  it('come from local files only inside of the folder that is allowed', async () => {
    const allowed = { ALLOWED_LOCAL_MEDIA_PATH: join(folder, 'allowed') };
    const local = (url: string) => [{ type: 'image_url', image_url: url }];
    const inside = join(folder, 'allowed', 'in.jpg');
    for (const url of [inside, `file://${inside}`, 'in.jpg']) {
      expect(only(await prepare(local(url), allowed), 'image').mimeType).toBe('image/jpeg');
    }
    const outside = [
      join(folder, 'secret.jpg'),
      `file://${folder}/secret.jpg`,
      '../secret.jpg',
      join(folder, 'allowed', 'link.jpg'),
      join(folder, 'none.jpg'),
      'file://elsewhere/a.jpg',
      `file://${folder}/allowed/%2e%2e/secret.jpg`,
    ];
    for (const url of outside) {
      await expect(prepare(local(url), allowed)).rejects.toMatchObject({ code: 'blocked_url' });
    }
    await expect(prepare(local(inside))).rejects.toMatchObject({ code: 'blocked_url' });
    await expect(prepare(local(join(folder, 'allowed', 'none.jpg')), allowed)).rejects.toMatchObject({
      code: 'image_fetch_failed',
    });
  });

  it('are refused by an engine that takes none, by name', async () => {
    const blind = await startUpstream({ kind: 'ollama' });
    const textOnly = createOpenAiCompatibleEngine({
      id: 'openai',
      baseUrl: blind.url,
      modelId: 'another-model',
      serverKind: 'ollama',
      maxImagePixels: 100_000,
    });
    Object.defineProperty(textOnly, 'capabilities', { value: { ...textOnly.capabilities, vision: false } });
    await expect(
      prepare([{ type: 'image_url', image_url: dataUrl(await picture()) }], {}, textOnly),
    ).rejects.toMatchObject({ code: 'unsupported_content_part', message: expect.stringContaining('openai') });
    await textOnly.close();
    await blind.close();
  });
});

describe('videos in messages', () => {
  it('become frames with their times, scaled down together', async () => {
    const content = [{ type: 'video_url', video_url: { url: `${address}/video.mp4` } }];
    const video = only(await prepare(content, { MAX_VIDEO_FRAMES: '3' }), 'video');
    expect(video.frames.map(({ seconds }) => seconds.toFixed(2))).toEqual(['0.33', '1.00', '1.67']);
    for (const frame of video.frames) expect((await sharp(frame.bytes).metadata()).format).toBe('jpeg');
  });

  it('may come as base64', async () => {
    const bytes = await readFile(join(folder, 'video.mp4'));
    const video = only(await prepare([{ type: 'input_video', b64_json: bytes.toString('base64') }]), 'video');
    expect(video.frames).toHaveLength(4);
  });

  it('are refused where they are none', async () => {
    const content = [{ type: 'video_url', video_url: { url: `${address}/photo.jpg` } }];
    await expect(prepare(content)).rejects.toMatchObject({ code: 'unsupported_media_type' });
  });
});

describe('the rest of a request', () => {
  it('gets the defaults of the configuration and the names of the engine', async () => {
    const request = parseChatRequest({
      model: 'm',
      messages: [
        { role: 'developer', content: 'Kamu.' },
        { role: 'user', content: 'Halo', name: 'budi' },
        { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }] },
        { role: 'tool', tool_call_id: 'c', content: '1' },
      ],
      top_k: -1,
      stop: 'X',
      logprobs: true,
      tools: [{ type: 'function', function: { name: 'f' } }],
      response_format: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'object' } } },
    });
    const config = readConfig({ MAX_TOKENS: '77', TEMPERATURE: '0.1' });
    expect(await prepareGeneration(request, engine, { config, signal })).toEqual({
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'Kamu.' }] },
        { role: 'user', content: [{ type: 'text', text: 'Halo' }], name: 'budi' },
        { role: 'assistant', content: [], toolCalls: [expect.objectContaining({ id: 'c' })] },
        { role: 'tool', content: [{ type: 'text', text: '1' }], toolCallId: 'c' },
      ],
      sampling: {
        maxTokens: 77,
        temperature: 0.1,
        stop: ['X'],
        logprobs: true,
        topLogprobs: 0,
        assumed: ['temperature', 'seed'],
      },
      responseFormat: { type: 'json_schema', name: 's', schema: { type: 'object' } },
      tools: [expect.objectContaining({ type: 'function' })],
    });
  });

  it('stops at once on abort', async () => {
    const controller = new AbortController();
    const request = parseChatRequest({
      model: 'm',
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: `${address}/slow.jpg` }] }],
    });
    setTimeout(() => controller.abort(new Error('cancelled by the test')), 50);
    const config = readConfig({ ALLOW_PRIVATE_URLS: '1' });
    await expect(prepareGeneration(request, engine, { config, signal: controller.signal })).rejects.toThrow(
      'cancelled by the test',
    );
  });
});
