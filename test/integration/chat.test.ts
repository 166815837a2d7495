import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/runtime/processes/free-port.ts';
import { createTemporalClient } from '../../src/runtime/roles/connect.ts';
import type { KeptWorkers } from '../../src/runtime/roles/keep-working.ts';
import { errorOf, jsonOf, jsonRequest, startTestApi, type TestApi } from '../support/api.ts';
import { chatEnvironment, indexesOf, MODEL, readEvents, startGenerations, textOf, tokens } from '../support/chat.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { startUpstream, type Upstream, type UpstreamBehaviour, type UpstreamBody } from '../support/upstream.ts';

const ORDINARY: Partial<UpstreamBehaviour> = {
  tokens: tokens(20),
  tokensPerSecond: 0,
  firstTokenDelayMs: 0,
  fail: null,
  cutAfter: null,
  hangAfter: null,
  kind: 'vllm',
  reasoning: [],
};

let upstream: Upstream;
let platform: Platform;
let api: TestApi;
let otherApi: TestApi;
let generations: KeptWorkers;
let client: OpenAI;

beforeAll(async () => {
  upstream = await startUpstream(ORDINARY);
  const environment = {
    ...chatEnvironment(upstream),
    CANCEL_ANONYMOUS_AFTER_DISCONNECT_SECONDS: '1',
    CANCEL_AFTER_DISCONNECT_SECONDS: '2',
  };
  platform = await startPlatform({ environment });
  platform.startWorkflows();
  generations = startGenerations(platform);
  api = await startTestApi(platform);
  otherApi = await startTestApi(platform);
  client = new OpenAI({ baseURL: `${api.address}/v1`, apiKey: 'none', maxRetries: 0 });
});

afterAll(async () => {
  await Promise.all([api?.close(), otherApi?.close()]);
  await generations?.stop();
  await platform?.stop();
  await upstream?.close();
});

afterEach(() => upstream.behave(ORDINARY));

const messages = [{ role: 'user' as const, content: 'Halo' }];
const ask = (extra: object = {}) => jsonRequest({ model: MODEL, messages, ...extra });
const stream = (extra: object = {}) => ask({ stream: true, ...extra });
const complete = (init: RequestInit, target = api) => target.request('/v1/chat/completions', init);
const resume = (session: string, query = '', target = api) =>
  target.request(`/v1/chat/completions/${session}/stream${query}`);
const cancel = async (session: string, target = api) =>
  (await jsonOf<{ status: string }>(await target.request(`/v1/cancel/${session}`, { method: 'POST' }))).status;
const upTo = (last: number) => Array.from({ length: last + 1 }, (_, index) => index);
const withHeaders = (init: RequestInit, headers: Record<string, string>): RequestInit => ({
  ...init,
  headers: { ...init.headers, ...headers },
});

/** The request that the upstream got last. */
const lastRequest = () => upstream.requests.at(-1)!;
async function until(condition: () => boolean, timeoutMs = 60_000): Promise<void> {
  for (const start = Date.now(); !condition(); await sleep(10)) {
    if (Date.now() - start > timeoutMs) throw new Error('it did not happen in time');
  }
}

describe('the OpenAI SDK', () => {
  it('gets whole answers', async () => {
    const { data, request_id } = await client.chat.completions.create({ model: MODEL, messages }).withResponse();
    expect(data).toMatchObject({
      object: 'chat.completion',
      model: MODEL,
      choices: [{ index: 0, message: { role: 'assistant', content: tokens(20).join(''), refusal: null } }],
      usage: { completion_tokens: 20 },
      session_id: expect.stringMatching(/^sess_/),
    });
    expect((data as { _request_id?: string })._request_id).toBe(request_id);
  });

  it('streams, with usage at the end', async () => {
    const chunks = [];
    const events = await client.chat.completions.create({
      model: MODEL,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of events) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(tokens(20).join(''));
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' });
    expect(chunks.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: 'stop' });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 20 } });
    expect(new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size).toBe(1);
  });

  it('puts thoughts apart, by its own helper too', async () => {
    upstream.behave({ reasoning: ['Let', ' me', ' see'] });
    const answer = await client.chat.completions.stream({ model: MODEL, messages }).finalChatCompletion();
    expect(answer.choices[0]?.message.content).toBe(tokens(20).join(''));
    const whole = await client.chat.completions.create({ model: MODEL, messages });
    expect(whole.choices[0]?.message).toMatchObject({ reasoning: 'Let me see', reasoning_content: 'Let me see' });
  });

  it('parses an answer that has a schema', async () => {
    upstream.behave({ tokens: ['{"nama"', ':"BUDI"', '}'] });
    const schema = { type: 'object', properties: { nama: { type: 'string' } }, required: ['nama'] };
    const response_format = { type: 'json_schema' as const, json_schema: { name: 'person', schema } };
    const answer = await client.chat.completions.parse({ model: MODEL, messages, response_format });
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({ nama: 'BUDI' });
  });

  it('sees errors by their classes, before the headers also when streamed', async () => {
    const create = (extra: object) => client.chat.completions.create({ model: MODEL, messages, ...extra });
    await expect(create({ n: 2 })).rejects.toThrow(OpenAI.BadRequestError);
    await expect(create({ model: 'other', stream: true })).rejects.toThrow(OpenAI.NotFoundError);
    await expect(create({ model: 'ktp-ocr', stream: true })).rejects.toThrow(OpenAI.UnprocessableEntityError);
    upstream.behave({ fail: { status: 400, times: 9 } });
    await expect(create({ stream: true })).rejects.toThrow(OpenAI.APIError);
  });

  it('gets an answer by itself after a 503, in the session that it asked for', async () => {
    const patient = new OpenAI({ baseURL: `${api.address}/v1`, apiKey: 'none', maxRetries: 3 });
    // Three tries of the engine make one failure of ours.
    upstream.behave({ fail: { status: 503, times: 3 } });
    const body = { model: MODEL, messages, session_id: 'after-503' };
    const answer = await patient.chat.completions.create(body);
    expect(answer.choices[0]?.message.content).toBe(tokens(20).join(''));
  });

  it('lists the models', async () => {
    const names = [];
    for await (const { id } of client.models.list()) names.push(id);
    expect(names).toEqual([MODEL, 'ktp-ocr']);
    expect(await client.models.retrieve(MODEL)).toMatchObject({ id: MODEL, object: 'model' });
    const page = await jsonOf(await api.request(`/v1/models?limit=1&after=${encodeURIComponent(MODEL)}`));
    expect(page).toMatchObject({ data: [{ id: 'ktp-ocr' }], first_id: 'ktp-ocr', last_id: 'ktp-ocr', has_more: false });
    expect(await jsonOf(await api.request('/v1/models?limit=1'))).toMatchObject({
      data: [{ id: MODEL }],
      has_more: true,
    });
    await expect(client.models.retrieve('nothing')).rejects.toThrow(OpenAI.NotFoundError);
  });
});

describe('a stream', () => {
  it('numbers its events, and has the headers that proxies need', async () => {
    const response = await complete(stream({ session_id: 'numbers', stream_options: { include_usage: true } }));
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-session-id': 'numbers',
    });
    expect(response.headers.get('x-session-expires')).toBeNull();
    const events = await readEvents(response);
    expect(events.slice(0, -1).map(({ id }) => id)).toEqual(upTo(22).map((index) => `numbers:${index}`));
    expect(events.at(-1)).toEqual({ id: null, data: '[DONE]' });
  });

  it('is resumed exactly from wherever it was cut, in all three ways', async () => {
    upstream.behave({ tokens: tokens(400) });
    const all = await readEvents(await complete(stream({ session_id: 'cuts' })));
    expect(indexesOf(all)).toEqual(upTo(401));
    const body = stream({ session_id: 'cuts' });
    // All of them in test/soak; here every seventh, and the borders.
    for (const cut of upTo(401).filter((index) => index % 7 === 0 || index < 3 || index > 397)) {
      const ways = [
        () => resume('cuts', `?starting_after=${cut}`),
        () => complete(withHeaders(body, { 'last-event-id': `cuts:${cut}` })),
        () => api.request(`/v1/chat/completions?last_event_id=cuts:${cut}`, body),
      ];
      const response = await ways[cut % 3]!();
      expect(await readEvents(response)).toEqual(all.slice(cut + 1));
    }
    const replay = await resume('cuts');
    expect(Number(replay.headers.get('x-session-expires'))).toBeGreaterThan(Date.now() / 1000 + 500);
    expect(await readEvents(replay)).toEqual(all);
  });

  it('loses and repeats nothing for 25 readers at once, 25 late ones and those who come and go', async () => {
    const answer = tokens(400);
    upstream.behave({ tokens: answer, tokensPerSecond: 120 });
    const first = complete(stream({ session_id: 'crowd' }));
    await until(() => lastRequest().tokensSent > 0 && !lastRequest().finished);
    const readers = Array.from({ length: 24 }, async (_, reader) => {
      const target = reader % 2 ? api : otherApi;
      await sleep(Math.random() * 2500);
      // Some leave in mid-stream and come back for what is missing.
      const seen = await readEvents(await resume('crowd', '', target), reader % 3 ? undefined : 20 + reader);
      const last = indexesOf(seen).at(-1) ?? 0;
      const done = seen.at(-1)?.data === '[DONE]';
      return done ? seen : [...seen, ...(await readEvents(await resume('crowd', `?starting_after=${last}`, target)))];
    });
    const all = await readEvents(await first);
    expect(textOf(all)).toBe(answer.join(''));
    for (const events of await Promise.all(readers)) expect(events).toEqual(all);
    const late = Array.from({ length: 25 }, () => resume('crowd').then((response) => readEvents(response)));
    for (const events of await Promise.all(late)) expect(events).toEqual(all);
  });

  it('refuses ids that are none of its own', async () => {
    await readEvents(await complete(stream({ session_id: 'ids' })));
    for (const id of ['x', 'ids:', 'ids:-1', 'other:1']) {
      const response = await api.request('/v1/chat/completions/ids/stream', { headers: { 'last-event-id': id } });
      expect(await errorOf(response)).toMatchObject({ status: 400, code: 'invalid_last_event_id' });
    }
    expect(await errorOf(await resume('unknown'))).toMatchObject({ status: 404, code: 'session_not_found' });
    const posted = await complete(withHeaders(stream(), { 'last-event-id': 'unknown:1' }));
    expect(await errorOf(posted)).toMatchObject({ status: 404, code: 'session_not_found' });
    const twice = await resume('ids', '?last_event_id=ids:1&last_event_id=ids:2');
    expect(await errorOf(twice)).toMatchObject({ status: 400, code: 'invalid_last_event_id' });
    const head = await api.request('/v1/chat/completions/ids/stream', { method: 'HEAD' });
    expect(head.headers.get('content-type')).toMatch('text/event-stream');
    // Nothing seen yet, in the words of clients whose variable is empty.
    for (const query of ['?starting_after=', '?last_event_id=']) {
      expect((await readEvents(await resume('ids', query)))[0]?.id).toBe('ids:0');
    }
    const past = await readEvents(await resume('ids', '?starting_after=9999'));
    expect(past).toEqual([{ id: null, data: '[DONE]' }]);
  });

  it('goes on from the recorded prefix when the engine breaks off', async () => {
    const answer = tokens(60);
    upstream.behave({ tokens: answer, tokensPerSecond: 100, cutAfter: 30 });
    const response = await complete(stream({ session_id: 'broken' }));
    upstream.behave({ cutAfter: null });
    const events = await readEvents(response);
    expect(textOf(events)).toBe(answer.join(''));
    expect(indexesOf(events)).toEqual(upTo(61));
    const continued = lastRequest().body;
    expect(continued.continue_final_message).toBe(true);
    expect(answer.join('').startsWith(String(continued.messages?.at(-1)?.content))).toBe(true);
  });

  it('begins again where the engine cannot go on, and drops what was recorded', async () => {
    const answer = tokens(60);
    // Nobody can go on inside of a thought.
    upstream.behave({ reasoning: ['Let', ' me'], tokens: answer, tokensPerSecond: 100, cutAfter: 30 });
    const response = await complete(stream());
    upstream.behave({ cutAfter: null });
    const events = await readEvents(response);
    expect(textOf(events)).toBe(answer.join(''));
    expect(lastRequest().body.messages).toHaveLength(1);
  });

  it('draws the same answer when it begins again, though nobody asked for a seed', async () => {
    const drawn = ({ seed }: UpstreamBody) => tokens(60).map((token) => `${token}${seed}`);
    upstream.behave({ reasoning: ['Let', ' me'], tokens: drawn, tokensPerSecond: 100, cutAfter: 30 });
    const response = await complete(stream());
    upstream.behave({ cutAfter: null });
    const text = textOf(await readEvents(response));
    const { seed } = lastRequest().body;
    expect(seed).toBeTypeOf('number');
    expect(text).toBe(drawn({ seed }).join(''));
    upstream.behave({ tokens: drawn, reasoning: [] });
    await readEvents(await complete(stream()));
    expect(lastRequest().body.seed).not.toBe(seed);
  });

  it('ends with an error, and not as if it were whole, when the new answer is another one', async () => {
    upstream.behave({ reasoning: ['Let', ' me'], tokens: tokens(60), tokensPerSecond: 100, cutAfter: 30 });
    const response = await complete(stream({ session_id: 'parted' }));
    upstream.behave({ cutAfter: null, tokens: ['something', ' else'] });
    const events = await readEvents(response);
    expect(JSON.parse(events.at(-1)!.data)).toMatchObject({ error: { code: 'upstream_failed', type: 'server_error' } });
    expect(events.some(({ data }) => data === '[DONE]')).toBe(false);
    expect(await readEvents(await resume('parted'))).toEqual(events);
  });

  it('ends with an error event when the server is stopped, and goes on elsewhere', async () => {
    const answer = tokens(150);
    upstream.behave({ tokens: answer, tokensPerSecond: 100 });
    const stopping = await startTestApi(platform);
    const response = await complete(stream({ session_id: 'stopped' }), stopping);
    const whole = complete(ask({ session_id: 'stopped' }), stopping);
    await sleep(300);
    const [events] = await Promise.all([readEvents(response), stopping.close()]);
    const last = events.at(-1)!;
    expect(JSON.parse(last.data)).toMatchObject({ error: { code: 'shutting_down' } });
    expect(await errorOf(await whole)).toMatchObject({ status: 503, code: 'shutting_down' });
    const rest = await readEvents(await complete(withHeaders(stream(), { 'last-event-id': last.id! })));
    expect(textOf([...events, ...rest])).toBe(answer.join(''));
  });
});

describe('a session', () => {
  const done = async (extra: object, headers: Record<string, string> = {}) =>
    readEvents(await complete(withHeaders(stream(extra), headers)));

  it('attaches the same request to its running answer, and refuses another one', async () => {
    upstream.behave({ tokens: tokens(60), tokensPerSecond: 60 });
    const before = upstream.requests.length;
    const first = done({ session_id: 'busy' });
    await until(() => upstream.requests.length > before);
    const other = await complete(stream({ session_id: 'busy', seed: 1 }), otherApi);
    expect(await errorOf(other)).toMatchObject({ status: 409, code: 'session_busy' });
    expect(other.headers.get('x-should-retry')).toBe('false');
    const second = await readEvents(await complete(stream({ session_id: 'busy' }), otherApi));
    const whole = await jsonOf<{ choices: { message: { content: string } }[] }>(
      await complete(ask({ session_id: 'busy' }), otherApi),
    );
    expect(await first).toEqual(second);
    expect(whole.choices[0]?.message.content).toBe(tokens(60).join(''));
  });

  it('starts one answer for requests that come at the same time', async () => {
    const before = upstream.requests.length;
    upstream.behave({ tokensPerSecond: 40 });
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        complete(stream({ session_id: 'race' }), index % 2 ? api : otherApi).then((response) => readEvents(response)),
      ),
    );
    for (const events of answers) expect(events).toEqual(answers[0]);
    expect(upstream.requests.length).toBe(before + 1);
  });

  it('goes on counting with its next answer', async () => {
    const first = await done({ session_id: 'next' });
    const second = await done({ session_id: 'next' });
    expect(indexesOf(second)).toEqual(upTo(21).map((index) => index + 22));
    expect(await readEvents(await resume('next'))).toEqual(second);
    const old = await resume('next', `?starting_after=${indexesOf(first).at(-1)}`);
    expect(await errorOf(old)).toMatchObject({ status: 400, code: 'invalid_last_event_id' });
    expect(await readEvents(await resume('next', '?starting_after=30'))).toEqual(second.slice(9));
  });

  it('replays to a repeated request, and tells a key with another body apart', async () => {
    const before = upstream.requests.length;
    const first = await done({ session_id: 'again' }, { 'idempotency-key': 'key-1' });
    expect(await done({ session_id: 'again' }, { 'idempotency-key': 'key-1' })).toEqual(first);
    expect(await done({ session_id: 'again' }, { 'x-stainless-retry-count': '1' })).toEqual(first);
    expect(upstream.requests.length).toBe(before + 1);
    const other = await complete(withHeaders(stream({ seed: 2 }), { 'idempotency-key': 'key-1' }));
    expect(await errorOf(other)).toMatchObject({ status: 422, code: 'idempotency_mismatch' });
    const unnamed = await done({}, { 'idempotency-key': 'key-2' });
    expect(await done({}, { 'idempotency-key': 'key-2' })).toEqual(unnamed);
  });

  it('says until when it is kept on a replay right after its end, stored or not', async () => {
    upstream.behave({ tokens: tokens(5), tokensPerSecond: 0 });
    await readEvents(await complete(stream({ session_id: 'just-ended' })));
    const replay = await resume('just-ended');
    expect(Number(replay.headers.get('x-session-expires')) * 1000).toBeGreaterThan(Date.now());
    expect(textOf(await readEvents(replay))).toBe(tokens(5).join(''));
  });

  it('is replayed without Temporal once it has ended', async () => {
    const events = await done({ session_id: 'alone' });
    const stored = () => platform.database.chatGeneration.count({ where: { outcome: null, blob: { not: null } } });
    for (let tries = 0; (await stored()) > 0 && tries < 100; tries++) await sleep(50);
    const config = { ...platform.config, TEMPORAL_ADDRESS: `127.0.0.1:${await freePort('127.0.0.1')}` };
    const temporal = createTemporalClient(config, platform.keyring);
    const lonely = await startTestApi({ ...platform, config, temporal });
    expect(await readEvents(await resume('alone', '', lonely))).toEqual(events);
    expect(await cancel('alone', lonely)).toBe('finished');
    await lonely.close();
    await temporal.connection.close();
  });

  it('belongs to its tenant', async () => {
    const keys = { API_KEYS: 'key-of-one-tenant:chat:one,key-of-another:chat:two,key-without:extract:one' };
    const closedApi = await startTestApi(platform, keys);
    const as = (key: string) => ({ authorization: `Bearer ${key}` });
    const headers = as('key-of-one-tenant');
    await readEvents(await complete(withHeaders(stream({ session_id: 'mine' }), headers), closedApi));
    const path = '/v1/chat/completions/mine/stream';
    expect((await closedApi.request(path, { headers })).status).toBe(200);
    expect((await closedApi.request(path, { headers: as('key-of-another') })).status).toBe(404);
    expect((await closedApi.request(path, { headers: as('key-without') })).status).toBe(403);
    expect((await closedApi.request(path)).status).toBe(401);
    await closedApi.close();
  });
});

describe('cancel', () => {
  it('stops the engine at once, ends the stream as cut, and may come twice', async () => {
    upstream.behave({ tokens: tokens(400), tokensPerSecond: 50 });
    const response = await complete(stream({ session_id: 'stop', stream_options: { include_usage: true } }));
    const whole = complete(ask({ session_id: 'stop' }), otherApi);
    await sleep(500);
    expect(await cancel('stop', otherApi)).toBe('cancelled');
    const events = await readEvents(response);
    // Before its end, eight seconds after its beginning.
    await until(() => lastRequest().closedAt !== null);
    const [finish, usage, end] = events.slice(-3).map(({ data }) => (data === '[DONE]' ? data : JSON.parse(data)));
    expect(finish).toMatchObject({ cancelled: true, choices: [{ delta: {}, finish_reason: 'length' }], usage: null });
    expect(usage).toMatchObject({ choices: [], usage_estimated: true });
    expect(end).toBe('[DONE]');
    expect(await jsonOf<object>(await whole)).toMatchObject({
      cancelled: true,
      choices: [{ finish_reason: 'length', message: { content: textOf(events) } }],
    });
    expect(await cancel('stop')).toBe('cancelled');
    expect(await readEvents(await resume('stop'))).toEqual(events);
  });

  it('knows what is finished and what is unknown', async () => {
    await readEvents(await complete(stream({ session_id: 'over' })));
    expect(await cancel('over')).toBe('finished');
    expect(await cancel('never')).toBe('not_found');
  });

  it('of an answer that waits for a free process never reaches the engine', async () => {
    await generations.stop();
    const before = upstream.requests.length;
    const response = complete(ask({ session_id: 'waiting' }));
    let status = 'not_found';
    while (status === 'not_found') status = await cancel('waiting');
    expect(status).toBe('cancelled');
    expect(await jsonOf<object>(await response)).toMatchObject({
      cancelled: true,
      choices: [{ message: { content: '' } }],
    });
    generations = startGenerations(platform);
    await sleep(500);
    expect(upstream.requests.length).toBe(before);
  });
});

describe('a reader that goes away', () => {
  const leaveAfter = async (init: RequestInit, ms: number) => {
    const gone = new AbortController();
    const response = await complete({ ...init, signal: gone.signal });
    await sleep(ms);
    gone.abort();
    await response.text().catch(() => undefined);
    return Date.now();
  };

  it('ends an answer without a session after the grace', async () => {
    upstream.behave({ tokens: tokens(400), tokensPerSecond: 50 });
    const left = await leaveAfter(stream(), 200);
    const request = lastRequest();
    await until(() => request.closedAt !== null);
    expect(request.closedAt! - left).toBeGreaterThan(800);
  });

  it('ends an answer with a session later, unless somebody comes back', async () => {
    upstream.behave({ tokens: tokens(300), tokensPerSecond: 60 });
    await leaveAfter(stream({ session_id: 'back' }), 200);
    await sleep(1_200);
    const rest = await readEvents(await resume('back', '', otherApi));
    expect(textOf(rest)).toBe(tokens(300).join(''));

    const left = await leaveAfter(stream({ session_id: 'not-back' }), 200);
    const request = lastRequest();
    await until(() => request.closedAt !== null);
    expect(request.closedAt! - left).toBeGreaterThan(1_800);
    expect(await cancel('not-back')).toBe('cancelled');
  });
});

describe('a conversation that is too long', () => {
  it('loses its oldest turns, and says so in the answer and in /health', async () => {
    const long = { role: 'user' as const, content: 'kata '.repeat(3_000) };
    const asked = [
      { role: 'system', content: 'Jawab singkat' },
      long,
      { role: 'assistant', content: 'Ya' },
      long,
      ...messages,
    ];
    const report = async () =>
      (await jsonOf<{ context: { last: object | null } }>(await api.request('/health'))).context.last;
    expect(await report()).toBeNull();
    const answer = await jsonOf<{ context: object }>(await complete(jsonRequest({ model: MODEL, messages: asked })));
    expect(answer.context).toMatchObject({
      strategy: 'truncate',
      droppedTurns: 1,
      droppedMessages: 2,
      modelMaxContext: 8192,
    });
    expect(lastRequest().body.messages).toHaveLength(3);
    expect(await report()).toEqual({ at: expect.any(String), ...answer.context });
  });
});

describe('a server at its limit', () => {
  it('refuses at once, and says when to come again', async () => {
    const small = await startTestApi(platform, { MAX_WAITING_INTERACTIVE: '2' });
    upstream.behave({ firstTokenDelayMs: 800 });
    const waiting = [complete(stream(), small), complete(ask(), small)];
    await sleep(150);
    const refused = await complete(stream(), small);
    expect(await errorOf(refused)).toMatchObject({ status: 429, code: 'queue_full' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    for (const response of await Promise.all(waiting)) expect(response.status).toBe(200);
    expect((await complete(ask(), small)).status).toBe(200);
    await small.close();
  });
});
