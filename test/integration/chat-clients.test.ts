import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MODEL, startScriptedEngine } from '../../bench/clients/engine.ts';
import type { KeptWorkers } from '../../src/runtime/roles/keep-working.ts';
import { errorOf, jsonRequest, startTestApi, type TestApi } from '../support/api.ts';
import { chatEnvironment, readEvents, startGenerations } from '../support/chat.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import type { Upstream } from '../support/upstream.ts';

/** Some of `npm run clients`, by the client that is installed anyway. */
let engine: Upstream;
let platform: Platform;
let api: TestApi;
let generations: KeptWorkers;
let client: OpenAI;

beforeAll(async () => {
  engine = await startScriptedEngine();
  platform = await startPlatform({
    environment: { ...chatEnvironment(engine), MODEL_REPO_ID: MODEL, KEEP_ALIVE_SECONDS: '1' },
  });
  platform.startWorkflows();
  generations = startGenerations(platform, 40, MODEL);
  api = await startTestApi(platform);
  client = new OpenAI({ baseURL: `${api.address}/v1`, apiKey: 'none', maxRetries: 0 });
});

afterAll(async () => {
  await api?.close();
  await generations?.stop();
  await platform?.stop();
  await engine?.close();
});

const WORDS = 'w0 w1 w2 w3 w4 w5';
const ask = (content: string, rest: object = {}) => ({
  model: MODEL,
  messages: [{ role: 'user' as const, content }],
  ...rest,
});
const complete = (body: object, headers: Record<string, string> = {}) => {
  const request = jsonRequest(body);
  return api.request('/v1/chat/completions', { ...request, headers: { ...request.headers, ...headers } });
};

describe('a client', () => {
  it('reads on after a silence', async () => {
    let text = '';
    for await (const chunk of await client.chat.completions.create({ ...ask('silence'), stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    expect(text).toBe(WORDS);
  });

  it('that writes its fields into extra_body or nvext steers the engine all the same', async () => {
    for (const rest of [{ extra_body: { min_p: 0.25 } }, { nvext: { min_p: 0.25 } }]) {
      expect((await complete(ask('plain', rest))).status).toBe(200);
      expect(engine.requests.at(-1)?.body).toMatchObject({ min_p: 0.25 });
    }
  });

  it('hands its answer with a call back as it came', async () => {
    const tool = { type: 'function' as const, function: { name: 'find', parameters: { type: 'object' } } };
    const first = await client.chat.completions.create({ ...ask('tools'), tools: [tool] });
    const [choice] = first.choices;
    if (!choice) throw new Error('no choice');
    const [call] = choice.message.tool_calls ?? [];
    const result = { role: 'tool' as const, tool_call_id: call?.id ?? '', content: '1' };
    const messages = [...ask('tools').messages, choice.message, result];
    const second = await client.chat.completions.create({ model: MODEL, tools: [tool], messages });
    expect(second.choices[0]?.message.content).toBe(WORDS);
  });

  it('that keeps the Last-Event-ID of an older stream is not given the old answer to a new question', async () => {
    const events = await readEvents(await complete(ask('plain', { stream: true })));
    const header = { 'last-event-id': events[2]?.id ?? '' };
    const [, session] = /^(.*):/.exec(header['last-event-id']) ?? [];
    expect(await errorOf(await complete(ask('another', { stream: true }), header))).toMatchObject({
      status: 400,
      code: 'invalid_last_event_id',
    });
    // The same question is the same, with and without the session that the answer has told of.
    for (const rest of [{}, { session_id: session }]) {
      const resumed = await readEvents(await complete(ask('plain', { stream: true, ...rest }), header));
      expect(resumed).toEqual(events.slice(3));
    }
  });

  it('that is an EventSource does not connect again for ever once it has seen all', async () => {
    const session_id = 'event-source';
    const events = await readEvents(await complete(ask('plain', { stream: true, session_id })));
    const again = (index: number, accept: string) => {
      const headers = { accept, 'last-event-id': `${session_id}:${index}` };
      return api.request(`/v1/chat/completions/${session_id}/stream`, { headers });
    };
    const last = events.filter(({ id }) => id !== null).length - 1;
    expect(await (await again(last, 'text/event-stream')).text()).toBe('retry: 86400000\ndata: [DONE]\n\n');
    expect(await (await again(last, '*/*')).text()).toBe('data: [DONE]\n\n');
    expect(await (await again(last - 1, 'text/event-stream')).text()).not.toContain('retry');
  });

  it('is told soon of a fault that the engine tells of again and again, and whether a repeat can help', async () => {
    const before = engine.requests.length;
    const events = await readEvents(await complete(ask('fail', { stream: true })));
    expect(JSON.parse(events.at(-1)?.data ?? '')).toMatchObject({
      error: { code: 'upstream_failed', message: 'The model server gave up in mid-answer.', retryable: true },
    });
    expect(engine.requests.length - before).toBeLessThan(8);
  });

  it('is told within seconds of an engine that is there and breaks each answer off', async () => {
    const before = engine.requests.length;
    const startedAt = performance.now();
    const events = await readEvents(await complete(ask('break', { stream: true })));
    expect(JSON.parse(events.at(-1)?.data ?? '')).toMatchObject({ error: { code: 'upstream_failed' } });
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    expect(engine.requests.length - before).toBeLessThan(10);
  });
});
