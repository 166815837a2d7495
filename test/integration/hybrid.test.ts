import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CardReaderPool, createCardReaderPool } from '../../src/inference/card-reader/pool.ts';
import type { CardReading } from '../../src/inference/card-reader/read-card.ts';
import { finishByModel } from '../../src/inference/model-reader/model-reader.ts';
import { createOpenAiCompatibleEngine } from '../../src/inference/openai-compatible/openai-compatible-engine.ts';
import { FIELD_NAMES, type FieldName } from '../../src/ktp/field-names.ts';
import type { KtpResult } from '../../src/ktp/schema.ts';
import { startUpstream, type UpstreamBehaviour } from '../support/upstream.ts';
import { FIXTURES, MODEL_PATHS } from '../unit/inference/models.ts';

/** A real reading of a picture, and a server behind the real engine whose answers are scripted. */
let pool: CardReaderPool;
let image: Buffer;
let reading: CardReading;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  image = await readFile(new URL('bogor.jpg', FIXTURES));
  pool = createCardReaderPool({ modelPaths: MODEL_PATHS, threads: 1 });
  reading = await pool.read(image);
});
afterAll(() => pool?.close());
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** The reading with some fields doubtful, and the name misread. */
function doubtful(): KtpResult {
  const { fields } = reading.result;
  const sure = Object.fromEntries(FIELD_NAMES.map((name) => [name, { ...fields[name], confidence: 0.99 }]));
  const nama = { ...fields.nama, value: 'MARIA HARTOMO', confidence: 0.4 };
  return {
    ...reading.result,
    checks: [],
    fields: { ...sure, nama, kel_desa: { ...fields.kel_desa, confidence: 0.6 } } as KtpResult['fields'],
  };
}

/** What the card says, as a model writes it down. */
function truth(names: readonly string[]): Record<string, string | null> {
  const { compat, fields } = reading.result;
  const printed = (name: string) => (name === 'tgl_lahir' ? compat.tgl_lahir : fields[name as FieldName].value);
  return Object.fromEntries(names.map((name) => [name, printed(name)]));
}

interface SchemaBody {
  readonly response_format?: { readonly json_schema?: { readonly schema?: { readonly required?: readonly string[] } } };
  readonly messages?: readonly { readonly content: unknown }[];
}
const askedOf = (body: SchemaBody) => body.response_format?.json_schema?.schema?.required ?? [];

async function finish(
  behaviour: Partial<UpstreamBehaviour>,
  { budgetMs = 60_000, strategy = 'auto' as 'auto' | 'ocr' | 'vlm' | 'hybrid', trusted = true } = {},
) {
  const upstream = await startUpstream({ kind: 'vllm', ...behaviour });
  const modelId = 'Qwen/Qwen3-VL-2B-Instruct';
  const engine = createOpenAiCompatibleEngine({ id: 'openai', baseUrl: upstream.url, modelId, maxImagePixels: 1 });
  closing.push(
    () => upstream.close(),
    () => engine.close(),
  );
  const started = performance.now();
  const { result } = await finishByModel(
    { engine, isTrusted: () => trusted, budgetMs },
    { result: doubtful(), image, quarterTurns: reading.quarterTurns, strategy, signal: new AbortController().signal },
  );
  return { result, upstream, milliseconds: performance.now() - started };
}

const right = { tokens: (body: object) => [JSON.stringify(truth(askedOf(body)))] };
const codes = ({ checks }: KtpResult) => checks.map(({ code }) => code);

describe('a vision-language model behind a doubtful reading', () => {
  it('is asked once, for the doubtful fields and two known ones, on cut-outs', async () => {
    const { result, upstream } = await finish(right);
    expect(upstream.requests).toHaveLength(1);
    const body = (upstream.requests[0]?.body ?? {}) as SchemaBody;
    expect(askedOf(body)).toEqual(['nik', 'nama', 'tgl_lahir', 'kel_desa']);
    const parts = body.messages?.[0]?.content as { type: string; image_url?: { url: string } }[];
    const pictures = parts.filter(({ type }) => type === 'image_url');
    expect(pictures).toHaveLength(4);
    for (const { image_url } of pictures) {
      const { height = 0, width = 0 } = await sharp(
        Buffer.from(image_url?.url.split(',')[1] ?? '', 'base64'),
      ).metadata();
      // Large enough to be read, and all four a fraction of the 512 tokens of the whole card.
      expect(height).toBeGreaterThanOrEqual(32);
      expect((width / 32) * (height / 32)).toBeLessThan(42);
    }
    // The reading of OCR is not told.
    expect(JSON.stringify(parts.filter(({ type }) => type === 'text'))).not.toContain('HARTOMO');
    expect(result.engine).toMatchObject({ strategy: 'hybrid', vlm: 'Qwen/Qwen3-VL-2B-Instruct' });
    expect(result.compat.nama).toBe('MARIA HARTONO');
    expect(result.fields.nama.readings).toEqual({ ocr: 'MARIA HARTOMO', vlm: 'MARIA HARTONO' });
    expect(result.fields.kel_desa).toMatchObject({ source: 'both' });
    expect(result.fields.kel_desa.confidence).toBeGreaterThan(0.9);
  });

  it.each([
    ['is silent', { hangAfter: 0 }, 'model_too_slow'],
    ['is slow', { ...right, firstTokenDelayMs: 30_000 }, 'model_too_slow'],
    ['loops', { tokens: () => Array.from({ length: 400 }, () => '{"nama": '), tokensPerSecond: 40 }, 'model_'],
    ['fails', { fail: { status: 500, times: 99 } }, 'model_'],
    ['answers nonsense', { tokens: ['Maaf, saya tidak bisa.'] }, 'model_failed'],
    [
      'reads known fields wrong',
      { tokens: (body: object) => [JSON.stringify(truth(askedOf(body))).replace(/\d/g, '8')] },
      'model_not_believed',
    ],
  ] as const)('that %s changes nothing and costs no more than its budget', async (_name, behaviour, code) => {
    const { milliseconds, result } = await finish(behaviour as Partial<UpstreamBehaviour>, { budgetMs: 2_000 });
    expect(milliseconds).toBeLessThan(8_000);
    expect(codes(result).some((found) => found.startsWith(code))).toBe(true);
    expect(result.fields).toEqual(doubtful().fields);
  });

  it('that has not passed its canary replaces nothing', async () => {
    const { result } = await finish(right, { trusted: false });
    expect(result.fields.nama.value).toBe('MARIA HARTOMO');
    expect(result.fields.kel_desa.confidence).toBe(0.6);
  });

  it('is not asked by the strategy ocr, nor by auto without a budget', async () => {
    for (const options of [{ strategy: 'ocr' as const }, { budgetMs: 0 }]) {
      const { result, upstream } = await finish(right, options);
      expect(upstream.requests).toHaveLength(0);
      expect(result.engine.strategy).toBe('ocr');
    }
  });

  it('reads the whole card by itself where it is told to', async () => {
    const { result, upstream } = await finish(right, { strategy: 'vlm' });
    expect(askedOf((upstream.requests[0]?.body ?? {}) as SchemaBody)).toEqual([...FIELD_NAMES]);
    expect(result.engine.strategy).toBe('vlm');
    expect(result.compat.nik).toBe(reading.result.compat.nik);
    expect(result.fields.nik.source).toBe('vlm');
    // One reading alone is never sure.
    for (const name of FIELD_NAMES) expect(result.fields[name].confidence).toBeLessThan(0.9);
  });
});
