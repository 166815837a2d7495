/** Registers its tests with the file that imports it: embedded.test.ts, whose platform they ask. */
import { setTimeout as delay } from 'node:timers/promises';
import OpenAI from 'openai';
import { beforeAll, describe, expect, it } from 'vitest';
import { exampleImage, exampleTruth, jsonRequest } from './embedded-platform.ts';
import { expectRefusal, type Refusal } from './refusal.ts';
import { MODEL, platform, TOKENS, upstream } from './shared-platform.ts';
import { chunksOf, indexesOf, readStream, readToEnd, type StreamedEvent, textOf } from './stream-reader.ts';

const TEXT = TOKENS.join('');
/** The role, the pieces, the finish. */
const EVENTS = TOKENS.length + 2;
/** Longer than the heartbeat time-out of an answer. */
const FROZEN_MS = 4_000;

let client: OpenAI;
let sessions = 0;

beforeAll(() => {
  client = new OpenAI({ baseURL: `${platform.address}/v1`, apiKey: 'none' });
});

const newSession = () => `e2e-session-${++sessions}`;
const question = [{ role: 'user' as const, content: 'Siapa?' }];
const cardMessage = (number: 1 | 2 | 3) => [
  {
    role: 'user' as const,
    content: [
      {
        type: 'image_url' as const,
        image_url: { url: `data:image/jpeg;base64,${exampleImage(number).toString('base64')}` },
      },
    ],
  },
];

function post(body: object, headers: Record<string, string> = {}): Promise<Response> {
  const init = jsonRequest(body);
  return platform.request('/v1/chat/completions', { ...init, headers: { ...init.headers, ...headers } });
}

const ask = (sessionId: string, more: object = {}, headers: Record<string, string> = {}) =>
  post({ model: MODEL, messages: question, stream: true, session_id: sessionId, ...more }, headers);

const resume = (sessionId: string, headers: Record<string, string> = {}, query = '') =>
  platform.request(`/v1/chat/completions/${sessionId}/stream${query}`, { headers });

/** The events from an index to the end of the answer, each once. */
function expectWhole(events: readonly StreamedEvent[], from = 0): void {
  expect(indexesOf(events)).toEqual(Array.from({ length: EVENTS - from }, (_, index) => from + index));
  expect(textOf(events)).toBe(TOKENS.slice(Math.max(0, from - 1)).join(''));
}

describe('the OpenAI SDK', () => {
  it('lists the models', async () => {
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id).sort()).toEqual([MODEL, 'ktp-ocr'].sort());
    expect(await client.models.retrieve('ktp-ocr')).toMatchObject({ id: 'ktp-ocr', object: 'model' });
    await expect(client.models.retrieve('gpt-none')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });

  it('reads a KTP with ktp-ocr, whole and streamed', async () => {
    const { nik, nama } = exampleTruth(1);
    const whole = await client.chat.completions.create({ model: 'ktp-ocr', messages: cardMessage(1) });
    expect(JSON.parse(whole.choices[0]?.message.content ?? '')).toMatchObject({
      nik,
      nama,
      alamat: { rt_rw: '011/004' },
    });
    expect(whole).toMatchObject({
      object: 'chat.completion',
      model: 'ktp-ocr',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', refusal: null } }],
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    });
    const stream = await client.chat.completions.create({ model: 'ktp-ocr', messages: cardMessage(2), stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    expect(JSON.parse(text)).toMatchObject({ nik: exampleTruth(2).nik });
    const metrics = async () => (await platform.request('/metrics')).text();
    expect(await metrics()).toContain('ktpflow_generations_started_total 2');
    // Transcripts are stored after the readers have gone.
    await expect.poll(metrics).toContain('ktpflow_generations_finished_total{outcome="finished"} 2');
    await expect.poll(metrics).toContain('ktpflow_live_streams 0');
  });

  it('gets the full shape where it asks for the schema ktp', async () => {
    const schema = (await (await platform.request('/schemas/ktp.json')).json()) as Record<string, unknown>;
    const answer = await client.chat.completions.create({
      model: 'ktp-ocr',
      messages: cardMessage(3),
      response_format: { type: 'json_schema', json_schema: { name: 'ktp', schema } },
    });
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toMatchObject({
      document: 'ktp',
      fields: { nik: { value: exampleTruth(3).nik, source: expect.any(String), confidence: expect.any(Number) } },
    });
  });

  it('is refused an answer without an image before the headers, streamed or not', async () => {
    for (const stream of [true, false]) {
      await expectRefusal(await post({ model: 'ktp-ocr', messages: question, stream }), {
        status: 422,
        code: 'missing_image',
      });
    }
  });

  it('streams text with its usage', async () => {
    const stream = await client.chat.completions.create({
      model: MODEL,
      messages: question,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(TEXT);
    expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: 'assistant', content: '' });
    expect(chunks.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: 'stop' });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: TOKENS.length } });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    for (const field of ['id', 'created', 'model'] as const) {
      expect(new Set(chunks.map((chunk) => chunk[field])).size).toBe(1);
    }
  });
});

describe('a stream', () => {
  it('has the headers and the ids of the contract', async () => {
    const sessionId = newSession();
    const response = await ask(sessionId);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    expect(response.headers.get('x-session-id')).toBe(sessionId);
    const { done, events } = await readStream(response);
    expect(done).toBe(true);
    expect(events.map(({ id }) => id)).toEqual(Array.from({ length: EVENTS }, (_, index) => `${sessionId}:${index}`));
    expect(new Set(chunksOf(events).map(({ id, created, model }) => `${id} ${created} ${model}`)).size).toBe(1);
    expectWhole(events);
  });

  it('is resumed in the middle of the answer and after its end, in three ways', async () => {
    const sessionId = newSession();
    const running = await ask(sessionId);
    const reader = running.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    for (const [from, response] of [
      [11, await resume(sessionId, { 'last-event-id': `${sessionId}:10` })],
      [11, await ask(sessionId, {}, { 'last-event-id': `${sessionId}:10` })],
      [41, await resume(sessionId, {}, '?starting_after=40')],
      [0, await resume(sessionId)],
    ] as const) {
      const { done, events } = await readStream(response);
      expect(done).toBe(true);
      expectWhole(events, from);
    }
    const byQuery = jsonRequest({ model: MODEL, messages: question, stream: true, session_id: sessionId });
    const path = `/v1/chat/completions?last_event_id=${sessionId}:${EVENTS - 3}`;
    expectWhole((await readStream(await platform.request(path, byQuery))).events, EVENTS - 2);
    // Once it is stored.
    const expiry = async () => {
      const response = await resume(sessionId);
      await response.body?.cancel();
      return Number(response.headers.get('x-session-expires'));
    };
    await expect.poll(expiry).toBeGreaterThan(Date.now() / 1000);
    const past = await readStream(await resume(sessionId, { 'last-event-id': `${sessionId}:99999` }));
    expect(past).toMatchObject({ events: [], done: true });
  });

  it('is refused to who resumes something else', async () => {
    const sessionId = newSession();
    await readStream(await ask(sessionId));
    const invalid: Refusal = { status: 400, code: 'invalid_last_event_id' };
    for (const id of ['nonsense', `${sessionId}:`, `${sessionId}:-1`, `${sessionId}:1x`, 'other:3', ':3']) {
      await expectRefusal(await resume(sessionId, { 'last-event-id': id }), invalid);
    }
    const unknown: Refusal = { status: 404, code: 'session_not_found' };
    await expectRefusal(await resume('never-seen'), unknown);
    await expectRefusal(await ask('never-seen', {}, { 'last-event-id': 'never-seen:0' }), unknown);
  });

  it('has 25 readers, and each sees everything once', async () => {
    const sessionId = newSession();
    const first = await ask(sessionId);
    const others = await Promise.all(
      Array.from({ length: 24 }, async (_, reader) => {
        await delay(reader * 40);
        const from = reader % 3 === 0 ? reader : 0;
        const headers: Record<string, string> = from === 0 ? {} : { 'last-event-id': `${sessionId}:${from - 1}` };
        return { from, ...(await readStream(await resume(sessionId, headers))) };
      }),
    );
    expectWhole((await readStream(first)).events);
    for (const { done, events, from } of others) {
      expect(done).toBe(true);
      expectWhole(events, from);
    }
  });

  it('belongs to one request: the same one attaches, another one is told to wait', async () => {
    const sessionId = newSession();
    const before = upstream.requests.length;
    const first = await ask(sessionId);
    const busy = await ask(sessionId, { messages: [{ role: 'user', content: 'Apa?' }] });
    await expectRefusal(busy, { status: 409, code: 'session_busy' });
    const whole = await ask(sessionId, { stream: false });
    expect(await whole.json()).toMatchObject({ choices: [{ message: { content: TEXT } }], session_id: sessionId });
    expectWhole((await readStream(first)).events);
    expect(upstream.requests.length).toBe(before + 1);
    // An SDK that repeats by itself gets the same answer; a new question a new one, whose indexes go on.
    const repeated = await readStream(await ask(sessionId, {}, { 'x-stainless-retry-count': '1' }));
    expectWhole(repeated.events);
    expect(upstream.requests.length).toBe(before + 1);
    const next = await readStream(await ask(sessionId));
    expect(indexesOf(next.events)[0]).toBe(EVENTS);
    expect(upstream.requests.length).toBe(before + 2);
    const old = await resume(sessionId, { 'last-event-id': `${sessionId}:5` });
    await expectRefusal(old, { status: 400, code: 'invalid_last_event_id' });
  });

  it('follows its idempotency key', async () => {
    const sessionId = newSession();
    const key = { 'idempotency-key': `key-of-${sessionId}` };
    const before = upstream.requests.length;
    await readStream(await ask(sessionId, {}, key));
    expectWhole((await readStream(await ask(sessionId, {}, key))).events);
    expect(upstream.requests.length).toBe(before + 1);
    const other = await ask(sessionId, { messages: [{ role: 'user', content: 'Apa?' }] }, key);
    await expectRefusal(other, { status: 422, code: 'idempotency_mismatch' });
  });

  it('is cancelled before its end, and says so to everybody', async () => {
    // Twelve seconds.
    upstream.behave({ tokensPerSecond: 10 });
    const sessionId = newSession();
    const before = upstream.requests.length;
    const response = await ask(sessionId);
    const reading = readStream(response);
    await expect.poll(() => upstream.requests[before]?.tokensSent ?? 0).toBeGreaterThan(5);
    const cancel = () =>
      platform.request(`/v1/cancel/${sessionId}`, { method: 'POST' }).then((answer) => answer.json());
    expect(await cancel()).toEqual({ ok: true, session_id: sessionId, status: 'cancelled' });
    const { done, events } = await reading;
    expect(done).toBe(true);
    expect(JSON.parse(events.at(-1)?.data ?? '')).toMatchObject({
      cancelled: true,
      choices: [{ finish_reason: 'length' }],
    });
    // Otherwise the engine would have come to the end.
    await expect.poll(() => upstream.requests[before]?.closedAt).not.toBe(null);
    upstream.behave({ tokensPerSecond: 60 });
    expect(await cancel()).toMatchObject({ status: 'cancelled' });
    const again = await readStream(await resume(sessionId));
    expect(again.events).toEqual(events);
    expect(TEXT.startsWith(textOf(events))).toBe(true);
    expect(await (await platform.request('/v1/cancel/never-seen', { method: 'POST' })).json()).toEqual({
      ok: true,
      session_id: 'never-seen',
      status: 'not_found',
    });
  });
});

describe('a frozen process', () => {
  it('ktpflow-inference is frozen for longer than its heartbeats may take: no reader sees a gap or a repeat', async () => {
    const { pid } = platform.part('ktpflow-inference');
    const thaw = () => process.kill(pid, 'SIGCONT');
    const sessionId = newSession();
    let thawing: NodeJS.Timeout | undefined;
    const { events } = await readToEnd(
      () => platform,
      sessionId,
      await ask(sessionId),
      (count) => {
        if (count < 30 || thawing) return;
        process.kill(pid, 'SIGSTOP');
        thawing = setTimeout(thaw, FROZEN_MS);
      },
    );
    expectWhole(events);
  });
});

describe('a bad request', () => {
  const invalid: Refusal = { status: 400, code: 'invalid_value' };
  const image = (url: string) => [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];
  const cases: [name: string, body: object, refusal: Refusal][] = [
    ['an empty body', {}, { ...invalid, param: 'model' }],
    ['no messages', { model: MODEL }, { ...invalid, param: 'messages' }],
    ['empty messages', { model: MODEL, messages: [] }, { status: 400, code: 'empty_messages' }],
    ['an unknown model', { model: 'gpt-none', messages: question }, { status: 404, code: 'model_not_found' }],
    ['n of two', { model: MODEL, messages: question, n: 2 }, { ...invalid, param: 'n' }],
    ['an unknown role', { model: MODEL, messages: [{ role: 'king', content: 'x' }] }, invalid],
    ['a temperature of 9', { model: MODEL, messages: question, temperature: 9 }, { ...invalid, param: 'temperature' }],
    [
      'a session id with a blank',
      { model: MODEL, messages: question, session_id: 'a b' },
      { ...invalid, param: 'session_id' },
    ],
    [
      'a long session id',
      { model: MODEL, messages: question, session_id: 'x'.repeat(129) },
      { ...invalid, param: 'session_id' },
    ],
    [
      'an image of this network',
      { model: 'ktp-ocr', messages: image('http://169.254.169.254/') },
      { status: 400, code: 'blocked_url' },
    ],
    ['a local file', { model: 'ktp-ocr', messages: image('file:///etc/passwd') }, { status: 400, code: 'blocked_url' }],
    [
      'a text as image',
      { model: 'ktp-ocr', messages: image('data:image/png;base64,aGVsbG8=') },
      { status: 400, code: 'invalid_image' },
    ],
    [
      'an unknown part',
      { model: MODEL, messages: [{ role: 'user', content: [{ type: 'smell', smell: 'x' }] }] },
      { status: 400, code: 'unsupported_content_part' },
    ],
  ];
  it.each(cases)('%s', async (_name, body, refusal) => {
    await expectRefusal(await post(body), refusal);
    await expectRefusal(await post({ ...body, stream: true }), refusal);
  });

  it('null means absent, and unknown fields are ignored', async () => {
    const response = await post({
      model: MODEL,
      messages: question,
      temperature: null,
      top_p: null,
      n: null,
      stop: null,
      stream: null,
      seed: null,
      something_else: { a: 1 },
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: TEXT }, finish_reason: 'stop' }] });
  });
});

describe('metrics', () => {
  it('tell of tokens, of the lag of streams, and of slots, queues and attempts by names of ours alone', async () => {
    const value = async (series: string) => {
      const text = await (await platform.request('/metrics')).text();
      return Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
          ?.split(' ')[1],
      );
    };
    const tokens = 'ktpflow_tokens_total{kind="completion"}';
    const before = (await value(tokens)) || 0;
    await (await ask(`metrics-${sessions++}`)).text();
    // The transcript is stored after the reader has gone.
    await expect.poll(() => value(tokens)).toBe(before + TOKENS.length);
    expect(await value('ktpflow_stream_lag_seconds_count')).toBeGreaterThan(1);
    expect(await value('ktpflow_activity_slots{queue="ktpflow"}')).toBe(20);
    expect(await value('ktpflow_activity_slots_used{queue="ktpflow"}')).toBeLessThanOrEqual(20);
    for (const queue of ['ktpflow', 'ktpflow-fetch', 'ktpflow-inference', 'ktpflow-generation']) {
      expect(await value(`ktpflow_queue_tasks{queue="${queue}"}`)).toBeGreaterThanOrEqual(0);
      expect(await value(`ktpflow_queue_oldest_seconds{queue="${queue}"}`)).toBeGreaterThanOrEqual(0);
    }
    const stored = 'activity="storeTranscript",outcome="completed",retry="false"';
    expect(await value(`ktpflow_activity_attempts_total{${stored}}`)).toBeGreaterThan(0);
    expect(await value('ktpflow_activity_wait_seconds_count{activity="storeTranscript"}')).toBeGreaterThan(0);
  });
});
