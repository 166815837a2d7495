import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGenerateAnswer } from '../../src/activities/chat/generate-answer.ts';
import type { Engine, GenerationRequest } from '../../src/inference/engine.ts';
import { createOnnxQwen3VlEngine } from '../../src/inference/onnx-qwen3vl/onnx-qwen3vl-engine.ts';
import { startModelThread } from '../../src/inference/onnx-qwen3vl/start-model-thread.ts';
import { connectWorker } from '../../src/runtime/roles/connect.ts';
import { keepWorking } from '../../src/runtime/roles/keep-working.ts';
import { createGenerationWorker } from '../../src/worker/workers.ts';
import { jsonRequest, startTestApi, type TestApi } from '../support/api.ts';
import { indexesOf, MODEL, readEvents, textOf } from '../support/chat.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { fixtureFile, goldenCase, TINY_MODEL } from '../support/qwen3vl-tiny.ts';

/** Our own runner behind the real platform: API, workflow, activity, thread, and back. */
let platform: Platform;
let api: TestApi;
let engine: Engine;
let thread: Worker | undefined;
let client: OpenAI;
/** What the engine was asked for, in order. */
const asked: GenerationRequest[] = [];
/** Ends the model's thread as soon as an answer has begun. */
let killNext = false;

/** The engine, watched. */
function watched(real: Engine): Engine {
  const engineUnderTest: Engine = Object.create(real);
  engineUnderTest.generate = async function* (request, options) {
    asked.push(request);
    for await (const part of real.generate(request, options)) {
      yield part;
      if (!killNext || part.type !== 'piece') continue;
      killNext = false;
      // In order: a thread that is torn out of a run takes the process of the tests with it.
      thread?.postMessage({ kind: 'close' });
    }
  };
  return engineUnderTest;
}

async function untilReady(): Promise<void> {
  while (!(await engine.readiness()).ready) await delay(20);
}

beforeAll(async () => {
  platform = await startPlatform({ environment: { VLM_MODEL_DIR: TINY_MODEL, MODEL_REPO_ID: MODEL } });
  platform.startWorkflows();
  engine = createOnnxQwen3VlEngine({
    id: 'qwen3-vl',
    modelId: MODEL,
    folder: TINY_MODEL,
    threads: 1,
    concurrency: 4,
    contextTokens: 2048,
    chunkTokens: 32,
    maxImagePixels: 65_536,
    eager: true,
    start: (data) => {
      thread = startModelThread(data);
      return thread;
    },
  });
  const served = watched(engine);
  const { blobs, config, keyring, logger } = platform;
  keepWorking(
    'generation',
    async () => {
      const connection = await connectWorker(config);
      const engines = { forModel: (model: string) => (model === MODEL ? served : undefined) };
      const generateAnswer = createGenerateAnswer({ config, blobs, keyring, logger, engines });
      const where = { connection, namespace: config.TEMPORAL_NAMESPACE, keyring };
      return { connection, workers: [await createGenerationWorker(where, { generateAnswer }, 4)] };
    },
    logger,
  );
  api = await startTestApi(platform);
  client = new OpenAI({ baseURL: `${api.address}/v1`, apiKey: 'none', maxRetries: 0 });
  await untilReady();
});

afterAll(async () => {
  await api?.close();
  await platform?.stop();
  await engine?.close();
});

const messages = [{ role: 'user' as const, content: 'Halo, apa kabar?' }];
const stream = (extra: object) =>
  api.request('/v1/chat/completions', jsonRequest({ model: MODEL, messages, stream: true, ...extra }));

describe('chat completions by our own runner', () => {
  it('answer about a picture, with exact counts', async () => {
    const image = `data:image/jpeg;base64,${fixtureFile('media/wide.jpg').toString('base64')}`;
    const answer = await client.chat.completions.create({
      model: MODEL,
      max_tokens: 20,
      temperature: 0,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: image } },
            { type: 'text', text: 'Baca KTP ini.' },
          ],
        },
      ],
    });
    expect(answer.choices[0]?.finish_reason).toBe('length');
    expect(answer.usage).toMatchObject({
      prompt_tokens: goldenCase('one image').promptIds.length,
      completion_tokens: 20,
    });
  });

  it('stream, and come again in the same pieces', async () => {
    const seen = await readEvents(await stream({ session_id: 'replay', max_tokens: 40, temperature: 0 }));
    expect(seen.at(-1)?.data).toBe('[DONE]');
    expect(textOf(seen)).not.toBe('');
    const again = await readEvents(await api.request('/v1/chat/completions/replay/stream'));
    expect(textOf(again)).toBe(textOf(seen));
  });

  it('go on from what is recorded when the thread of the model dies', async () => {
    asked.length = 0;
    killNext = true;
    const options = { session_id: 'failover', max_tokens: 180, temperature: 1, seed: 3 };
    const events = await readEvents(await stream(options));
    expect(events.at(-1)?.data).toBe('[DONE]');
    const [first, ...later] = asked;
    const prefix = later.at(-1)?.prefix ?? '';
    expect(first?.prefix).toBeUndefined();
    expect(prefix).not.toBe('');
    expect(textOf(events).startsWith(prefix)).toBe(true);
    expect(textOf(events).length).toBeGreaterThan(prefix.length);
    const indexes = indexesOf(events);
    expect(indexes).toEqual(indexes.map((_entry, position) => (indexes[0] ?? 0) + position));
    await untilReady();
  });

  it('are stopped by a cancel', async () => {
    const reading = readEvents(await stream({ session_id: 'cancelled', max_tokens: 1500, temperature: 1.2, seed: 11 }));
    while (!asked.some(({ sampling }) => sampling.maxTokens === 1500)) await delay(5);
    await api.request('/v1/cancel/cancelled', { method: 'POST' });
    const events = await reading;
    expect(events.at(-1)?.data).toBe('[DONE]');
    // The model is free for the next one.
    await client.chat.completions.create({ model: MODEL, messages, max_tokens: 2 });
  });

  it('keep a schema', async () => {
    const schema = {
      type: 'object',
      properties: { nik: { type: 'string', pattern: '^[0-9]{16}$' }, agama: { enum: ['ISLAM', 'KRISTEN'] } },
      required: ['nik', 'agama'],
      additionalProperties: false,
    };
    const answer = await client.chat.completions.create({
      model: MODEL,
      messages,
      max_tokens: 200,
      temperature: 1,
      response_format: { type: 'json_schema', json_schema: { name: 'card', schema } },
    });
    const card = JSON.parse(answer.choices[0]?.message.content ?? '') as Record<string, string>;
    expect(card.nik).toMatch(/^\d{16}$/);
    expect(['ISLAM', 'KRISTEN']).toContain(card.agama);
  });
});
