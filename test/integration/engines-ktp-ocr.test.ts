import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChatRequest, parseChatRequest } from '../../src/chat/request.ts';
import { ConfigError, readConfig } from '../../src/config.ts';
import { type CardReaderPool, createCardReaderPool } from '../../src/inference/card-reader/pool.ts';
import { generateChecked } from '../../src/inference/chat/generate-checked.ts';
import { prepareGeneration } from '../../src/inference/chat/prepare-generation.ts';
import type { GenerationPart } from '../../src/inference/engine.ts';
import { createEngines, type Engines } from '../../src/inference/engines.ts';
import { compatibleCardSchema, ktpResultSchema } from '../../src/ktp/schema.ts';
import { startUpstream } from '../support/upstream.ts';
import { FIXTURES, MODEL_PATHS } from '../unit/inference/models.ts';

let pool: CardReaderPool;
let engines: Engines;
let card: string;

beforeAll(async () => {
  // Read in a third of the others' time: it is about the answers here.
  const bytes = await readFile(new URL('jayapura-soft.jpg', FIXTURES));
  card = `data:image/jpeg;base64,${bytes.toString('base64')}`;
  pool = createCardReaderPool({ modelPaths: MODEL_PATHS, threads: 1 });
  engines = createEngines(readConfig({}), { pool: once(pool) });
  await pool.ready;
});

afterAll(async () => {
  await engines.close();
  await pool.close();
});

/** Reads the same picture once: what differs here is how a reading is asked for and answered. */
function once(pool: CardReaderPool): CardReaderPool {
  const readings = new Map<string, ReturnType<CardReaderPool['read']>>();
  const read: CardReaderPool['read'] = (bytes, options) => {
    const name = createHash('sha256').update(bytes).digest('hex');
    const reading = readings.get(name) ?? pool.read(bytes, options);
    readings.set(name, reading);
    return reading;
  };
  return { ready: pool.ready, state: 'ready', waiting: 0, read, close: () => pool.close() };
}

async function ask(body: object, signal = new AbortController().signal) {
  const request: ChatRequest = parseChatRequest({ model: 'ktp-ocr', ...body });
  const engine = engines.forModel('ktp-ocr')!;
  const prepared = await prepareGeneration(request, engine, { config: readConfig({}), signal });
  const parts: GenerationPart[] = [];
  for await (const part of generateChecked(engine, prepared, { signal })) parts.push(part);
  const pieces = parts.flatMap((part) => (part.type === 'piece' ? [part.piece.content ?? ''] : []));
  return { pieces, json: JSON.parse(pieces.join('')) as unknown, finish: parts.at(-1) };
}

async function whitePicture(): Promise<string> {
  const white = sharp({ create: { width: 800, height: 500, channels: 3, background: 'white' } });
  return `data:image/png;base64,${(await white.png().toBuffer()).toString('base64')}`;
}

const image = () => ({ type: 'image_url', image_url: { url: card } });
const withCard = (changes: object = {}) => ({
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Baca' }, image()] }],
  ...changes,
});

describe('the model ktp-ocr', () => {
  it('answers the compatible shape, in more than one piece, at no cost in tokens', async () => {
    const { json, pieces, finish } = await ask(withCard());
    expect(compatibleCardSchema.strict().parse(json)).toMatchObject({ nik: '9171021101780000', nama: 'YOHANES' });
    expect(pieces.length).toBeGreaterThan(1);
    expect(finish).toEqual({ type: 'finish', reason: 'stop', usage: { promptTokens: 0, completionTokens: 0 } });
  });

  it.each([
    ['the schema ktp', { response_format: { type: 'json_schema', json_schema: { name: 'ktp', schema: {} } } }],
    ['metadata.shape', { metadata: { shape: 'full' } }],
  ])('answers the full shape for %s', async (_name, changes) => {
    const { json } = await ask(withCard(changes));
    expect(ktpResultSchema.parse(json).fields.nik.value).toBe('9171021101780000');
  });

  it('answers json_object with the compatible shape', async () => {
    const { json } = await ask(withCard({ response_format: { type: 'json_object' } }));
    expect(compatibleCardSchema.parse(json).nik).toBe('9171021101780000');
  });

  it('reads the picture that was shown last, also of an earlier turn', async () => {
    const blank = await whitePicture();
    const { json } = await ask({
      messages: [
        { role: 'user', content: [{ type: 'image_url', image_url: blank }] },
        { role: 'assistant', content: '{}' },
        { role: 'user', content: [image()] },
        { role: 'assistant', content: '{}' },
        { role: 'user', content: 'And the name?' },
      ],
    });
    expect(compatibleCardSchema.parse(json).nik).toBe('9171021101780000');
  });

  it.each([
    ['no image', { messages: [{ role: 'user', content: 'Baca' }] }, 'missing_image', 422],
    [
      'another schema',
      { response_format: { type: 'json_schema', json_schema: { name: 'person', schema: {} } } },
      'invalid_value',
      400,
    ],
    ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }, 'unsupported', 400],
    ['logprobs', { logprobs: true }, 'unsupported', 400],
    [
      'a video',
      { messages: [{ role: 'user', content: [{ type: 'video_url', video_url: 'data:video/mp4;base64,AAAA' }] }] },
      'unsupported_content_part',
      400,
    ],
  ])('refuses %s', async (_name, changes, code, status) => {
    await expect(ask(withCard(changes))).rejects.toMatchObject({ code, status });
  });

  it('says that a picture is no KTP', async () => {
    const url = await whitePicture();
    const messages = [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];
    await expect(ask({ messages })).rejects.toMatchObject({ code: 'not_a_ktp', status: 422 });
  });

  it('stops on abort', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('cancelled by the test')), 100);
    const begun = Date.now();
    const another = await readFile(new URL('jakarta-tilted.jpg', FIXTURES));
    const url = `data:image/jpeg;base64,${another.toString('base64')}`;
    const messages = [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];
    await expect(ask({ messages }, controller.signal)).rejects.toThrow('cancelled by the test');
    expect(Date.now() - begun).toBeLessThan(5_000);
  });
});

describe('createEngines', () => {
  it('has the card reader always, and no other model where none is configured', async () => {
    expect(engines.list().map(({ modelId }) => modelId)).toEqual(['ktp-ocr']);
    expect(engines.forModel('gpt-4o')).toBeUndefined();
    expect(await engines.statuses()).toEqual([
      { id: 'pp-ocr', kind: 'ppocr', modelId: 'ktp-ocr', ready: true, error: null, contextLength: null },
    ]);
  });

  it('adds the model behind VLM_BASE_URL', async () => {
    const upstream = await startUpstream({ model: 'my/model' });
    const both = createEngines(readConfig({ VLM_BASE_URL: upstream.url, MODEL_REPO_ID: 'my/model' }), { pool });
    expect(both.forModel('my/model')?.kind).toBe('openai');
    expect((await both.statuses())[1]).toMatchObject({ id: 'openai', ready: true, contextLength: 8192 });
    await upstream.close();
    await both.close();
  });

  it('lets VLM_ENGINE=none win over VLM_BASE_URL', () => {
    const config = readConfig({ VLM_BASE_URL: 'http://127.0.0.1:9', VLM_ENGINE: 'none' });
    expect(createEngines(config, { pool }).list()).toHaveLength(1);
  });

  it.each([
    [{ VLM_ENGINE: 'openai' }, /VLM_BASE_URL/],
    [{ VLM_ENGINE: 'onnx' }, /VLM_ENGINE/],
    [{ VLM_MODEL_DIR: 'some/folder' }, /VLM_MODEL_DIR/],
  ])('names the variable that is wrong: %j', (environment, name) => {
    const create = () => createEngines(readConfig(environment), { pool });
    expect(create).toThrow(ConfigError);
    expect(create).toThrow(name);
  });
});
