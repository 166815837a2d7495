import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI, { toFile } from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createGenerateAnswer } from '../../src/activities/chat/generate-answer.ts';
import { chatBatchWorkflowId } from '../../src/contract/chat-batch.ts';
import { createKtpOcrEngine } from '../../src/inference/ktp-ocr/ktp-ocr-engine.ts';
import { connectWorker } from '../../src/runtime/roles/connect.ts';
import { type KeptWorkers, keepWorking } from '../../src/runtime/roles/keep-working.ts';
import { createInferenceWorkers } from '../../src/worker/workers.ts';
import { bearer, errorOf, jsonRequest, specimen, startTestApi, type TestApi } from '../support/api.ts';
import { chatEnvironment, MODEL, startGenerations } from '../support/chat.ts';
import { recordHistory } from '../support/histories.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { specimenResult } from '../support/results.ts';
import { startUpstream, type Upstream, type UpstreamBehaviour, type UpstreamBody } from '../support/upstream.ts';

const ENDPOINT = '/v1/chat/completions';
const KEYS = 'first-tenant-key:chat+extract:first,second-tenant-key:chat:second';

/** Says what it was asked, so that an answer that belongs to another line shows. */
const echo = (body: UpstreamBody) => ['Jawaban', ` ${JSON.stringify(body.messages?.at(-1)?.content)}`];
const ORDINARY: Partial<UpstreamBehaviour> = { tokens: echo, fail: null, tokensPerSecond: 0, firstTokenDelayMs: 0 };

let upstream: Upstream;
let platform: Platform;
let api: TestApi;
let workers: KeptWorkers[];
let client: OpenAI;
let other: OpenAI;

beforeAll(async () => {
  upstream = await startUpstream(ORDINARY);
  platform = await startPlatform({ environment: { ...chatEnvironment(upstream), API_KEYS: KEYS, BATCH_WINDOW: '16' } });
  platform.startWorkflows();
  workers = [startGenerations(platform), startOcr()];
  api = await startTestApi(platform);
  const baseURL = `${api.address}/v1`;
  client = new OpenAI({ baseURL, apiKey: 'first-tenant-key', maxRetries: 0 });
  other = new OpenAI({ baseURL, apiKey: 'second-tenant-key', maxRetries: 0 });
}, 90_000);
afterAll(async () => {
  await api?.close();
  await Promise.all((workers ?? []).map((worker) => worker.stop()));
  await platform?.stop();
  await upstream?.close();
});
afterEach(() => upstream.behave(ORDINARY));

/** The model ktp-ocr on the queue of the cards; its reader finds the same card in every picture. */
function startOcr(): KeptWorkers {
  const { blobs, config, keyring, logger } = platform;
  const read = async () => ({ result: await specimenResult() });
  const engine = createKtpOcrEngine({ pool: { state: 'ready', read } });
  const engines = { forModel: (model: string) => (model === 'ktp-ocr' ? engine : undefined) };
  const activities = {
    generateAnswer: createGenerateAnswer({ config, blobs, keyring, logger, engines }),
    readCard: () => Promise.reject(new Error('no card of its own is read here')),
    probeEngines: async () => [],
  };
  return keepWorking(
    'inference',
    async () => {
      const connection = await connectWorker(config);
      const where = { connection, namespace: config.TEMPORAL_NAMESPACE, keyring };
      return { connection, workers: await createInferenceWorkers(where, activities, 4) };
    },
    logger,
  );
}

const line = (customId: string, body: object = {}) => ({
  custom_id: customId,
  method: 'POST',
  url: ENDPOINT,
  body: { model: MODEL, messages: [{ role: 'user', content: `soal ${customId}` }], ...body },
});
const jsonl = (lines: readonly (object | string)[]) =>
  lines.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n');
const handIn = async (lines: readonly (object | string)[], by = client) =>
  by.files.create({ file: await toFile(Buffer.from(jsonl(lines)), 'requests.jsonl'), purpose: 'batch' });

async function start(lines: readonly (object | string)[], extra: object = {}) {
  const { id } = await handIn(lines);
  return client.batches.create({ input_file_id: id, endpoint: ENDPOINT, completion_window: '24h', ...extra });
}

const FINAL = ['completed', 'failed', 'expired', 'cancelled'];
async function finished(id: string): Promise<OpenAI.Batch> {
  for (const deadline = Date.now() + 55_000; ; await sleep(100)) {
    const batch = await client.batches.retrieve(id);
    if (FINAL.includes(batch.status)) return batch;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(batch)}`);
  }
}

/** What no batch needs any more: its lines' rows and requests. */
const leftOvers = () =>
  Promise.all([platform.database.chatBatchLine.count(), platform.database.chatGeneration.count()]);

interface OutputLine {
  readonly id: string;
  readonly custom_id: string;
  readonly response: {
    readonly status_code: number;
    readonly request_id: string;
    readonly body: OpenAI.ChatCompletion & { readonly error?: { code: string } };
  } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

async function linesOf(fileId: string | undefined): Promise<OutputLine[]> {
  const text = await (await client.files.content(fileId ?? '')).text();
  return text
    .trimEnd()
    .split('\n')
    .map((one) => JSON.parse(one) as OutputLine);
}

describe('the OpenAI SDK', () => {
  it('is told of a seed that no engine takes by its line alone', async () => {
    const tooLarge = JSON.stringify(line('too large', { seed: 1 })).replace('"seed":1', '"seed":9223372036854775808');
    const batch = await finished((await start([line('fine', { seed: 7 }), tooLarge])).id);
    expect(batch.request_counts).toEqual({ total: 2, completed: 1, failed: 1 });
    const [refused] = await linesOf(batch.error_file_id);
    expect(refused).toMatchObject({
      custom_id: 'too large',
      response: { status_code: 400, body: { error: { code: 'invalid_value', param: 'seed' } } },
    });
  });

  it('has a file of requests answered, in order, by the vision model and by ktp-ocr alike', async () => {
    const card = `data:image/jpeg;base64,${(await specimen()).toString('base64')}`;
    const content = [{ type: 'image_url', image_url: { url: card } }];
    const ocr = { model: 'ktp-ocr', messages: [{ role: 'user', content }] };
    const names = Array.from({ length: 30 }, (_, index) => `soal-${index}`);
    const created = await start([...names.map((name) => line(name)), '', line('kartu', ocr)], {
      metadata: { purpose: 'night run' },
    });
    expect(created).toMatchObject({
      id: expect.stringMatching(/^batch_/),
      object: 'batch',
      endpoint: ENDPOINT,
      completion_window: '24h',
      errors: null,
      output_file_id: null,
      metadata: { purpose: 'night run' },
    });
    expect(created.expires_at! - created.created_at).toBe(24 * 3600);
    const batch = await finished(created.id);
    expect(batch).toMatchObject({
      status: 'completed',
      request_counts: { total: 31, completed: 31, failed: 0 },
      error_file_id: null,
      usage: { output_tokens: 60 },
    });
    const times = [batch.created_at, batch.in_progress_at!, batch.finalizing_at!, batch.completed_at!];
    expect(times).toEqual(times.toSorted());
    const output = await linesOf(batch.output_file_id);
    expect(output.map(({ custom_id }) => custom_id)).toEqual([...names, 'kartu']);
    expect(new Set(output.map(({ id }) => id)).size).toBe(31);
    for (const { custom_id, error, response } of output.slice(0, 30)) {
      expect(error).toBeNull();
      expect(response).toMatchObject({ status_code: 200, request_id: expect.stringMatching(/^req_[0-9a-f]{32}$/) });
      expect(response?.body).toMatchObject({ object: 'chat.completion', model: MODEL });
      expect(response?.body.choices[0]?.message.content).toBe(`Jawaban "soal ${custom_id}"`);
    }
    expect(JSON.parse(output[30]?.response?.body.choices[0]?.message.content ?? '')).toHaveProperty('nik');
    const file = await client.files.retrieve(batch.output_file_id ?? '');
    expect(file).toMatchObject({ purpose: 'batch_output', filename: `${batch.id}_output.jsonl` });
    expect(await leftOvers()).toEqual([0, 0]);
    await recordHistory('chat-batch-completed', platform.temporal.workflow.getHandle(chatBatchWorkflowId(batch.id)));
  });

  it('gets the lines that are no valid requests in the error file, each with its status', async () => {
    const batch = await finished(
      (
        await start([
          line('good'),
          line('no messages', { messages: [] }),
          line('unknown model', { model: 'gpt-99' }),
          line('no picture', { model: 'ktp-ocr' }),
          line('two answers', { n: 2 }),
        ])
      ).id,
    );
    expect(batch).toMatchObject({ status: 'completed', request_counts: { total: 5, completed: 1, failed: 4 } });
    expect((await linesOf(batch.output_file_id)).map(({ custom_id }) => custom_id)).toEqual(['good']);
    const errors = await linesOf(batch.error_file_id);
    expect(errors.map(({ custom_id, response }) => [custom_id, response?.status_code])).toEqual([
      ['no messages', 400],
      ['unknown model', 404],
      ['no picture', 422],
      ['two answers', 400],
    ]);
    expect(errors[0]?.response?.body.error).toMatchObject({ code: 'empty_messages' });
  });

  it('is told by their lines what is wrong with a file, of which nothing runs then', async () => {
    const before = upstream.requests.length;
    const lines = [line('a'), '{not json', '', line('a'), { ...line('b'), url: '/v1/embeddings' }];
    const batch = await finished((await start(lines)).id);
    expect(batch.status).toBe('failed');
    expect(batch.failed_at).toBeGreaterThan(0);
    expect(batch.errors?.object).toBe('list');
    expect(batch.errors?.data?.map(({ code, line: number, param }) => [number, code, param])).toEqual([
      [2, 'invalid_json_line', null],
      [4, 'duplicate_custom_id', 'custom_id'],
      [5, 'mismatched_endpoint', 'url'],
    ]);
    expect(batch.request_counts).toEqual({ total: 0, completed: 0, failed: 0 });
    expect(upstream.requests.length).toBe(before);
    const empty = await finished((await start(['', ' '])).id);
    expect(empty.errors?.data).toMatchObject([{ code: 'empty_file', line: null }]);
  });

  it('cancels in the middle, and what was answered by then stays', async () => {
    upstream.behave({ tokens: (body) => (/soal [0-9]"/.test(JSON.stringify(body)) ? ['ya'] : Array(200).fill('.')) });
    upstream.behave({ tokensPerSecond: 4 });
    const names = Array.from({ length: 60 }, (_, index) => String(index));
    const { id } = await start(names.map((name) => line(name)));
    for (let batch = await client.batches.retrieve(id); ; batch = await client.batches.retrieve(id)) {
      if ((batch.request_counts?.completed ?? 0) >= 5) break;
      await sleep(50);
    }
    const cancelling = await client.batches.cancel(id);
    expect(cancelling).toMatchObject({ status: 'cancelling', cancelling_at: expect.any(Number) });
    const batch = await finished(id);
    expect(batch).toMatchObject({ status: 'cancelled', cancelled_at: expect.any(Number) });
    const { total, completed } = batch.request_counts!;
    expect(total).toBe(60);
    expect(completed).toBeGreaterThanOrEqual(5);
    const output = await linesOf(batch.output_file_id);
    const errors = await linesOf(batch.error_file_id);
    expect(output).toHaveLength(completed);
    expect(output.every(({ response }) => response?.body.choices[0]?.finish_reason === 'stop')).toBe(true);
    expect(errors).toHaveLength(60 - completed);
    expect(new Set(errors.map(({ error }) => error?.code))).toEqual(new Set(['batch_cancelled']));
    expect(await leftOvers()).toEqual([0, 0]);
    // Idempotent, also when it has ended.
    expect(await client.batches.cancel(id)).toEqual(batch);
    await recordHistory('chat-batch-cancelled', platform.temporal.workflow.getHandle(chatBatchWorkflowId(id)));
  });

  it('gets what was answered when the completion window ends', async () => {
    upstream.behave({ tokens: (body) => (JSON.stringify(body).includes('soal fast') ? ['ya'] : Array(400).fill('.')) });
    upstream.behave({ tokensPerSecond: 4 });
    const { id } = await start([line('fast'), line('slow')], { completion_window: '3s' });
    const batch = await finished(id);
    expect(batch).toMatchObject({ status: 'expired', expired_at: expect.any(Number) });
    expect((await linesOf(batch.output_file_id)).map(({ custom_id }) => custom_id)).toEqual(['fast']);
    expect(await linesOf(batch.error_file_id)).toMatchObject([
      { custom_id: 'slow', response: null, error: { code: 'batch_expired' } },
    ]);
  });

  it('lists batches, newest first, and pages by itself', async () => {
    const found: OpenAI.Batch[] = [];
    for await (const batch of client.batches.list({ limit: 2 })) found.push(batch);
    const ids = found.map(({ id }) => id);
    expect(ids.length).toBeGreaterThanOrEqual(5);
    expect(ids).toEqual(ids.toSorted().toReversed());
  });
});

describe('a batch of chat requests', () => {
  it('tries a line again where the model server was away for a moment', async () => {
    // Three tries of the engine make one failure of a line.
    upstream.behave({ fail: { status: 503, times: 3 } });
    const batch = await finished((await start([line('patient')])).id);
    expect(batch.request_counts).toEqual({ total: 1, completed: 1, failed: 0 });
  });

  it('takes a line that an operator has terminated for over, instead of beginning it again', async () => {
    upstream.behave({ tokens: () => Array(400).fill('.'), tokensPerSecond: 4 });
    const { id } = await start([line('unwanted')]);
    for (let over = false; !over; await sleep(100)) {
      const query = `WorkflowType = 'chatCompletionWorkflow' AND ExecutionStatus = 'Running'`;
      for await (const run of platform.temporal.workflow.list({ query })) {
        await platform.temporal.workflow.getHandle(run.workflowId, run.runId).terminate('unwanted');
        over = true;
      }
    }
    upstream.behave(ORDINARY);
    const batch = await finished(id);
    expect(batch.request_counts).toEqual({ total: 1, completed: 0, failed: 1 });
  });

  it('is the same one when it is asked for again under its Idempotency-Key, and another file under it is 422', async () => {
    const [first, second] = [await handIn([line('a')]), await handIn([line('b')])];
    const body = { endpoint: ENDPOINT, completion_window: '24h' } as const;
    const options = { headers: { 'Idempotency-Key': 'night-1' } };
    const create = (id: string) => client.batches.create({ ...body, input_file_id: id }, options);
    const [one, twin] = await Promise.all([create(first.id), create(first.id)]);
    expect(twin.id).toBe(one.id);
    await expect(create(second.id)).rejects.toThrow(OpenAI.UnprocessableEntityError);
    await finished(one.id);
  });

  it('belongs to its tenant, as its files do', async () => {
    const { id } = await start([line('mine')]);
    const batch = await finished(id);
    await expect(other.batches.retrieve(id)).rejects.toThrow(OpenAI.NotFoundError);
    await expect(other.batches.cancel(id)).rejects.toThrow(OpenAI.NotFoundError);
    await expect(other.files.content(batch.output_file_id ?? '')).rejects.toThrow(OpenAI.NotFoundError);
    expect((await other.batches.list()).data).toEqual([]);
    const theirs = { input_file_id: batch.input_file_id, endpoint: ENDPOINT, completion_window: '24h' } as const;
    await expect(other.batches.create(theirs)).rejects.toThrow(OpenAI.NotFoundError);
  });

  it('keeps its input file as long as it may need it', async () => {
    const file = await client.files.create({
      file: await toFile(Buffer.from(jsonl([line('a')])), 'a.jsonl'),
      purpose: 'batch',
      expires_after: { anchor: 'created_at', seconds: 3600 },
    });
    const body = { input_file_id: file.id, endpoint: ENDPOINT, completion_window: '24h' } as const;
    const batch = await client.batches.create(body);
    expect((await client.files.retrieve(file.id)).expires_at).toBe(batch.expires_at);
    await finished(batch.id);
  });

  it('fails the lines whose turn comes after its input file was deleted, and them only', async () => {
    upstream.behave({ firstTokenDelayMs: 700 });
    const before = upstream.requests.length;
    const batch = await start(Array.from({ length: 40 }, (_, index) => line(String(index))));
    while (upstream.requests.length === before) await sleep(20);
    await client.files.delete(batch.input_file_id);
    const { request_counts, error_file_id } = await finished(batch.id);
    expect(request_counts!.completed + request_counts!.failed).toBe(40);
    expect(request_counts!.completed).toBeGreaterThan(0);
    expect(new Set((await linesOf(error_file_id)).map(({ response }) => response?.status_code))).toEqual(
      new Set([404]),
    );
  });

  it('has responses made of the lines that ask for them, and what no batch can do refused by its line', async () => {
    const respond = (customId: string, body: object = {}) => ({
      custom_id: customId,
      method: 'POST',
      url: '/v1/responses',
      body: { model: MODEL, input: `soal ${customId}`, ...body },
    });
    const extra = { endpoint: '/v1/responses' as const };
    const lines = [
      respond('satu', { instructions: 'Singkat.', metadata: { nomor: '1' }, stream: true }),
      respond('dua', { input: [{ role: 'user', content: [{ type: 'input_text', text: 'soal dua' }] }] }),
      respond('lanjut', { previous_response_id: 'resp_none' }),
      respond('nanti', { background: true }),
      respond('alat', { tools: [{ type: 'web_search' }] }),
    ];
    const batch = await finished((await start(lines, extra)).id);
    expect(batch).toMatchObject({
      status: 'completed',
      endpoint: '/v1/responses',
      request_counts: { total: 5, completed: 2, failed: 3 },
      usage: { output_tokens: 4 },
    });
    const bodies = (await linesOf(batch.output_file_id)).map(
      ({ response }) => response?.body as unknown as OpenAI.Responses.Response,
    );
    expect(bodies).toMatchObject([
      { object: 'response', status: 'completed', instructions: 'Singkat.', metadata: { nomor: '1' }, store: false },
      { object: 'response', status: 'completed', instructions: null },
    ]);
    const said = bodies.flatMap(({ output }) => output).map((item) => item.type === 'message' && item.content[0]);
    expect(said).toMatchObject([
      { type: 'output_text', text: 'Jawaban "soal satu"' },
      { type: 'output_text', text: expect.stringContaining('soal dua') },
    ]);
    const refused = (await linesOf(batch.error_file_id)).map(({ custom_id, response }) => [custom_id, response]);
    expect(refused).toMatchObject(
      [
        ['lanjut', 'previous_response_id'],
        ['nanti', 'background'],
        ['alat', 'tools[0].type'],
      ].map(([name, param]) => [name, { status_code: 400, body: { error: { code: 'invalid_value', param } } }]),
    );
    // A line for another endpoint refuses the file.
    const mixed = await finished((await start([respond('satu'), line('dua')], extra)).id);
    expect(mixed.errors?.data).toMatchObject([{ code: 'mismatched_endpoint', line: 2 }]);
    expect(await leftOvers()).toEqual([0, 0]);
  });

  it('is refused with the parameter that is wrong', async () => {
    const file = await client.files.create({ file: await toFile(Buffer.from('x'), 'x'), purpose: 'user_data' });
    const good = { input_file_id: file.id, endpoint: ENDPOINT, completion_window: '24h' };
    const cases: [object, number, string][] = [
      [good, 400, 'input_file_id'],
      [{ ...good, input_file_id: 'file-none' }, 404, 'input_file_id'],
      [{ ...good, endpoint: '/v1/embeddings' }, 400, 'endpoint'],
      [{ ...good, completion_window: 'tomorrow' }, 400, 'completion_window'],
      [{ ...good, completion_window: '31d' }, 400, 'completion_window'],
      [{ ...good, output_expires_after: { anchor: 'created_at', seconds: 1 } }, 400, 'output_expires_after.seconds'],
    ];
    for (const [body, status, param] of cases) {
      const init = jsonRequest(body);
      const headers = { ...init.headers, ...bearer('first-tenant-key').headers };
      expect(await errorOf(await api.request('/v1/batches', { ...init, headers })), param).toMatchObject({
        status,
        param,
      });
    }
  });
});
