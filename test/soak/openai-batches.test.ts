import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheFolder } from '../../src/runtime/assets/cache-folder.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { chatEnvironment, MODEL, startGenerations } from '../support/chat.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { startUpstream, type Upstream, type UpstreamBody } from '../support/upstream.ts';

const ENDPOINT = '/v1/chat/completions';
const LINES = 500;
const FILES = 250;
/** Where `npm run clients` has installed OpenAI's Python SDK. */
const PYTHON = join(cacheFolder(process.env.KTPFLOW_CACHE || undefined), 'clients', 'python', 'bin', 'python');
const PROGRAM = fileURLToPath(new URL('../support/openai_batches.py', import.meta.url));
const hasSdk = spawnSync(PYTHON, ['-c', 'import openai']).status === 0;

/** Says what it was asked, so that an answer that belongs to another line shows. */
const echo = (body: UpstreamBody) => ['Jawaban', ` ${JSON.stringify(body.messages?.at(-1)?.content)}`];

let upstream: Upstream;
let platform: Platform;
let api: TestApi;

beforeAll(async () => {
  upstream = await startUpstream({ tokens: echo });
  platform = await startPlatform({ environment: { ...chatEnvironment(upstream), BATCH_WINDOW: '16' } });
  api = await startTestApi(platform);
}, 90_000);
afterAll(async () => {
  await api?.close();
  await platform?.stop();
  await upstream?.close();
});

describe('500 lines', () => {
  it('are answered, each with its own answer, over workers that stop in the middle and histories that become long', async () => {
    let workflows = platform.startWorkflows();
    let generations = startGenerations(platform);
    const client = new OpenAI({ baseURL: `${api.address}/v1`, apiKey: 'none', maxRetries: 0 });
    const lines = Array.from({ length: LINES }, (_, index) => ({
      custom_id: `n${index}`,
      method: 'POST',
      url: ENDPOINT,
      body: { model: MODEL, messages: [{ role: 'user', content: `soal ${index}` }] },
    }));
    const text = lines.map((line) => JSON.stringify(line)).join('\n');
    const file = await client.files.create({ file: await toFile(Buffer.from(text), 'a.jsonl'), purpose: 'batch' });
    const startedAt = Date.now();
    const { id } = await client.batches.create({
      input_file_id: file.id,
      endpoint: ENDPOINT,
      completion_window: '24h',
    });
    const completed = async () => (await client.batches.retrieve(id)).request_counts?.completed ?? 0;
    while ((await completed()) < LINES / 4) await sleep(100);
    await generations.stop();
    generations = startGenerations(platform);
    while ((await completed()) < LINES / 2) await sleep(100);
    await workflows.stop();
    workflows = platform.startWorkflows();
    let batch = await client.batches.retrieve(id);
    for (; batch.status !== 'completed'; batch = await client.batches.retrieve(id)) await sleep(200);
    console.log(`${LINES} lines: ${Date.now() - startedAt} ms`);
    expect(batch.request_counts).toEqual({ total: LINES, completed: LINES, failed: 0 });
    const output = (await (await client.files.content(batch.output_file_id ?? '')).text()).trimEnd().split('\n');
    const answers = output.map((line) => JSON.parse(line).response.body.choices[0].message.content);
    expect(answers).toEqual(lines.map((_, index) => `Jawaban "soal ${index}"`));
    await generations.stop();
  }, 600_000);

  it.skipIf(!hasSdk)(
    'of the Python SDK are too, with the bad ones in the error file; it cancels, and pages over 250 files',
    async () => {
      const workers = [platform.startWorkflows(), startGenerations(platform)];
      const env = { BASE_URL: `${api.address}/v1`, MODEL };
      const { stdout } = await promisify(execFile)(PYTHON, [PROGRAM, String(LINES), String(FILES)], { env });
      expect(JSON.parse(stdout)).toEqual({
        whole: {
          status: 'completed',
          counts: { total: LINES + 2, completed: LINES, failed: 2 },
          metadata: { job: 'night' },
          'each its own': true,
          errors: { 'without messages': 400, 'unknown model': 404 },
        },
        cancelled: { status: 'cancelled', lines: LINES, completed: true },
        paged: { 'each once': true },
      });
      await Promise.all(workers.map((worker) => worker.stop()));
    },
    900_000,
  );
});
