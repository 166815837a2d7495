import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type OpenAI from 'openai';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { transcriptWorkflowId } from '../../src/contract/chat-workflow.ts';
import type { KeptWorkers } from '../../src/runtime/roles/keep-working.ts';
import { errorOf, jsonOf, jsonRequest, startTestApi, type TestApi } from '../support/api.ts';
import { chatEnvironment, MODEL, startGenerations, tokens } from '../support/chat.ts';
import { recordHistory } from '../support/histories.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { startUpstream, type Upstream, type UpstreamBehaviour } from '../support/upstream.ts';

const SECRET = `whsec_${Buffer.from('b'.repeat(32)).toString('base64')}`;
const KEYS = 'first-tenant-key:chat:first,second-tenant-key:chat:second';
const COMPLETIONS = '/v1/chat/completions';
const RESPONSES = '/v1/responses';
const ORDINARY: Partial<UpstreamBehaviour> = { tokens: tokens(5), tokensPerSecond: 0, fail: null };
const TEXT = tokens(5).join('');

interface Event {
  readonly type: string;
  readonly data: { readonly id: string; readonly status: string; readonly result?: unknown };
}
interface Delivery {
  readonly id: string;
  readonly event: string;
  readonly subject: string;
  readonly status: string;
  readonly attempts: readonly { readonly status_code: number | null }[];
}

let upstream: Upstream;
let platform: Platform;
let generations: KeptWorkers;
let api: TestApi;
let receiver: Server;
let url: string;
let events: Event[];
let texts: string[];
/** How the receiver answers, try by try; the last one stays. */
let answers: number[];

beforeAll(async () => {
  upstream = await startUpstream(ORDINARY);
  platform = await startPlatform({
    environment: {
      ...chatEnvironment(upstream),
      ALLOW_PRIVATE_URLS: '1',
      WEBHOOK_SECRET: SECRET,
      API_KEYS: KEYS,
      PERSIST_SESSIONS: '1',
    },
    webhooks: { pausesSeconds: Array(7).fill(0.02) },
  });
  platform.startWorkflows();
  generations = startGenerations(platform);
  api = await startTestApi(platform);
  receiver = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    texts.push(text);
    events.push(new Webhook(SECRET).verify(text, request.headers as Record<string, string>) as Event);
    response.writeHead((answers.length > 1 ? answers.shift() : answers[0]) ?? 200).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
}, 90_000);
afterAll(async () => {
  await api?.close();
  await generations?.stop();
  await platform?.stop();
  await upstream?.close();
  receiver?.close();
  receiver?.closeAllConnections();
});
beforeEach(() => {
  events = [];
  texts = [];
  answers = [200];
});
afterEach(() => upstream.behave(ORDINARY));

const as = (init: RequestInit, key = 'first-tenant-key'): RequestInit => ({
  ...init,
  headers: { ...init.headers, authorization: `Bearer ${key}` },
});
const post = (path: string, body: object) => api.request(path, as(jsonRequest(body)));
const chat = (extra: object) =>
  post(COMPLETIONS, { model: MODEL, messages: [{ role: 'user', content: 'Rahasia dari penanya' }], ...extra });
const respond = (extra: object) => post(RESPONSES, { model: MODEL, input: 'Rahasia dari penanya', ...extra });

/** The only delivery of a subject once it is over. */
async function settled(self: string, tries = 1): Promise<Delivery> {
  for (const deadline = Date.now() + 20_000; ; await sleep(50)) {
    const { data } = await jsonOf<{ data: Delivery[] }>(await api.request(`${self}/deliveries`, as({})));
    const [delivery] = data;
    if (delivery && delivery.status !== 'pending' && delivery.attempts.length >= tries) {
      expect(data).toHaveLength(1);
      return delivery;
    }
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(data)}`);
  }
}

describe('the webhook of a chat', () => {
  it('is told once that the answer is stored, by ids and status only, whoever else reads it', async () => {
    const body = { session_id: 'told', webhook: { url }, stream: true };
    const [first, second] = await Promise.all([chat(body), chat(body)]);
    await Promise.all([first.text(), second.text()]);
    const delivery = await settled(`${COMPLETIONS}/told`);
    expect(delivery).toMatchObject({ event: 'chat.finished', status: 'delivered', subject: events[0]?.data.id });
    expect(events).toEqual([
      {
        type: 'chat.finished',
        timestamp: expect.any(String),
        data: {
          id: expect.stringMatching(/^chatcmpl-gen_/),
          object: 'chat.completion',
          status: 'finished',
          session_id: 'told',
        },
      },
    ]);
    // Nothing of the question or the answer goes out, and the model server learns nothing of the receiver.
    expect(texts[0]).not.toMatch(/Rahasia|t0/);
    expect(JSON.stringify(upstream.requests)).not.toContain('/hook');
    const generation = events[0]?.data.id.replace('chatcmpl-', '') ?? '';
    await recordHistory('transcript-webhook', platform.temporal.workflow.getHandle(transcriptWorkflowId(generation)));
  });

  it('is sent the answer where that was asked for', async () => {
    const whole = await jsonOf<OpenAI.ChatCompletion>(
      await chat({ session_id: 'whole', webhook: { url, include_result: true } }),
    );
    await settled(`${COMPLETIONS}/whole`);
    expect(events[0]?.data.result).toEqual(whole);
    expect(whole.choices[0]?.message.content).toBe(TEXT);
  });

  it('is told of cancellations and failures too', async () => {
    upstream.behave({ tokens: tokens(500), tokensPerSecond: 50 });
    const answering = chat({ session_id: 'cut', webhook: { url } });
    await expect
      .poll(async () => (await post('/v1/cancel/cut', {}).then((answer) => jsonOf<{ status: string }>(answer))).status)
      .toBe('cancelled');
    await (await answering).text();
    await settled(`${COMPLETIONS}/cut`);
    upstream.behave({ ...ORDINARY, fail: { status: 400, times: 100 } });
    const failed = await chat({ session_id: 'failed', webhook: { url } });
    expect(failed.ok).toBe(false);
    await settled(`${COMPLETIONS}/failed`);
    expect(events.map(({ data }) => data)).toMatchObject([
      { status: 'cancelled' },
      { status: 'failed', error: { code: (await errorOf(failed)).code } },
    ]);
  });

  it('is given up after eight tries, and can be told again', async () => {
    answers = [503];
    await (await chat({ session_id: 'again', webhook: { url } })).text();
    const given = await settled(`${COMPLETIONS}/again`, 8);
    expect(given).toMatchObject({ status: 'failed' });
    answers = [200];
    const again = `${COMPLETIONS}/again/deliveries/${given.id}/redeliver`;
    expect((await api.request(again, as({ method: 'POST' }, 'second-tenant-key'))).status).toBe(404);
    expect((await api.request(again, as({ method: 'POST' }))).status).toBe(202);
    expect(await settled(`${COMPLETIONS}/again`, 9)).toMatchObject({ status: 'delivered' });
  });

  it('is nothing to other tenants, nor where this server must not reach it', async () => {
    await (await chat({ session_id: 'mine', webhook: { url } })).text();
    await settled(`${COMPLETIONS}/mine`);
    const theirs = await api.request(`${COMPLETIONS}/mine/deliveries`, as({}, 'second-tenant-key'));
    expect(await errorOf(theirs)).toMatchObject({ status: 404, code: 'session_not_found' });
    const strict = await startTestApi(platform, { ALLOW_PRIVATE_URLS: '0' });
    for (const [path, body] of [
      [COMPLETIONS, { messages: [{ role: 'user', content: 'x' }] }],
      [RESPONSES, { input: 'x' }],
    ] as const) {
      const refused = await strict.request(path, as(jsonRequest({ model: MODEL, webhook: { url }, ...body })));
      expect(await errorOf(refused), path).toEqual({ status: 400, code: 'blocked_url', param: 'webhook.url' });
    }
    await strict.close();
  });
});

describe('the webhook of a response', () => {
  it('is told of one in the background, which nobody has read', async () => {
    const { id } = await jsonOf<OpenAI.Responses.Response>(await respond({ background: true, webhook: { url } }));
    await settled(`${RESPONSES}/${id}`);
    expect(events.map(({ data, type }) => ({ data, type }))).toEqual([
      { type: 'response.finished', data: { id, object: 'response', status: 'completed' } },
    ]);
  });

  it('is sent the response where that was asked for, and forgotten with it', async () => {
    upstream.behave({ finishReason: 'length' });
    const webhook = { url, include_result: true };
    const whole = await jsonOf<OpenAI.Responses.Response>(await respond({ webhook }));
    await settled(`${RESPONSES}/${whole.id}`);
    expect(events[0]?.data).toMatchObject({ status: 'incomplete', result: whole });
    upstream.behave({ finishReason: 'stop' });
    expect((await api.request(`${RESPONSES}/${whole.id}`, as({ method: 'DELETE' }))).status).toBe(200);
    expect((await api.request(`${RESPONSES}/${whole.id}/deliveries`, as({}))).status).toBe(404);
    expect(await platform.database.webhookDelivery.count({ where: { event: 'response.finished' } })).toBe(1);
  });

  it('needs a response that can be found again', async () => {
    expect(await errorOf(await respond({ store: false, webhook: { url } }))).toEqual({
      status: 400,
      code: 'invalid_value',
      param: 'webhook',
    });
  });
});
