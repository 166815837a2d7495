import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createReadCard } from '../../src/activities/extraction/read-card.ts';
import { type ExtractionJob, jobSchema } from '../../src/api/extractions/job-schema.ts';
import { type CardReaderPool, createCardReaderPool } from '../../src/inference/card-reader/pool.ts';
import type { Engine } from '../../src/inference/engine.ts';
import { createOpenAiCompatibleEngine } from '../../src/inference/openai-compatible/openai-compatible-engine.ts';
import { imageForm, jsonOf, startTestApi, type TestApi } from '../support/api.ts';
import { chatEnvironment, MODEL } from '../support/chat.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { MODEL_PATHS } from '../unit/inference/models.ts';

const example = (name: string) => readFile(new URL(`../../examples/${name}`, import.meta.url));
const { printed } = JSON.parse((await example('ktp-1.json')).toString()) as { printed: Record<string, string> };

interface SchemaBody {
  readonly response_format?: { readonly json_schema?: { readonly schema?: { readonly required?: readonly string[] } } };
}
/** A model that reads what is printed. */
const right = (body: object) => {
  const names = (body as SchemaBody).response_format?.json_schema?.schema?.required ?? [];
  return [JSON.stringify(Object.fromEntries(names.map((name) => [name, printed[name] ?? null])))];
};

let upstream: Upstream;
let platform: Platform;
let api: TestApi;
let engine: Engine;
let pool: CardReaderPool;

beforeAll(async () => {
  upstream = await startUpstream({ kind: 'vllm', model: MODEL, tokens: right });
  engine = createOpenAiCompatibleEngine({ id: 'openai', baseUrl: upstream.url, modelId: MODEL, maxImagePixels: 1 });
  pool = createCardReaderPool({ modelPaths: MODEL_PATHS, threads: 1 });
  platform = await startPlatform({
    environment: chatEnvironment(upstream),
    readCard: () => {
      const { blobs, keyring } = platform;
      const model = { engine, isTrusted: () => true, budgetMs: 20_000 };
      return createReadCard({ pool, blobs, keyring, model });
    },
  });
  platform.startWorkflows();
  platform.startInference();
  api = await startTestApi(platform);
});
afterAll(async () => {
  await api?.close();
  await platform?.stop();
  await pool?.close();
  await engine?.close();
  await upstream?.close();
});

async function extract(strategy: string): Promise<ExtractionJob> {
  const form = { method: 'POST', body: imageForm(await example('ktp-1.jpg'), { strategy }) };
  return jobSchema.strict().parse(await jsonOf<unknown>(await api.request('/v1/ktp/extractions?wait=60', form)));
}

it('the strategy vlm takes a card through the platform to a model and back', async () => {
  const job = await extract('vlm');
  expect(job).toMatchObject({ status: 'succeeded', strategy: 'vlm' });
  expect(job.result?.engine).toMatchObject({ strategy: 'vlm', vlm: MODEL });
  expect(job.result?.compat.nik).toBe(printed.nik);
  expect(job.result?.fields.nik.source).toBe('vlm');
  expect(upstream.requests).toHaveLength(1);
  // It was null however many tokens a model had taken.
  expect(job.usage?.prompt_tokens).toBeGreaterThan(0);
  expect(job.usage?.completion_tokens).toBeGreaterThan(0);
  expect(job.usage?.total_tokens).toBe((job.usage?.prompt_tokens ?? 0) + (job.usage?.completion_tokens ?? 0));
});

it('the strategy hybrid asks no model about a card that OCR is sure of', async () => {
  const before = upstream.requests.length;
  const job = await extract('hybrid');
  expect(job).toMatchObject({ status: 'succeeded', strategy: 'hybrid' });
  expect(job.result?.engine.strategy).toBe('hybrid');
  expect(job.usage).toBeNull();
  expect(upstream.requests).toHaveLength(before);
});
