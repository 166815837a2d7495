import OpenAI, { toFile } from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { KeptWorkers } from '../../src/runtime/roles/keep-working.ts';
import { errorOf, jsonRequest, specimen, startTestApi, type TestApi } from '../support/api.ts';
import { chatEnvironment, MODEL, startGenerations, tokens } from '../support/chat.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { startUpstream, type Upstream, type UpstreamBehaviour } from '../support/upstream.ts';

const ORDINARY: Partial<UpstreamBehaviour> = {
  tokens: tokens(10),
  tokensPerSecond: 0,
  firstTokenDelayMs: 0,
  fail: null,
  reasoning: [],
  toolCalls: [],
  finishReason: 'stop',
};

let upstream: Upstream;
let platform: Platform;
let api: TestApi;
let otherApi: TestApi;
let generations: KeptWorkers;
let client: OpenAI;
let otherClient: OpenAI;

beforeAll(async () => {
  upstream = await startUpstream(ORDINARY);
  platform = await startPlatform({
    environment: { ...chatEnvironment(upstream), CANCEL_ANONYMOUS_AFTER_DISCONNECT_SECONDS: '1' },
  });
  platform.startWorkflows();
  generations = startGenerations(platform);
  api = await startTestApi(platform);
  otherApi = await startTestApi(platform);
  const connect = ({ address }: TestApi) => new OpenAI({ baseURL: `${address}/v1`, apiKey: 'none', maxRetries: 0 });
  client = connect(api);
  otherClient = connect(otherApi);
});

afterAll(async () => {
  await Promise.all([api?.close(), otherApi?.close()]);
  await generations?.stop();
  await platform?.stop();
  await upstream?.close();
});

afterEach(() => upstream.behave(ORDINARY));

const TEXT = tokens(10).join('');
/** The messages that the upstream got last. */
const lastMessages = () => upstream.requests.at(-1)?.body.messages;

async function collect<Event>(events: AsyncIterable<Event>): Promise<Event[]> {
  const all: Event[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe('the Responses API of the OpenAI SDK', () => {
  it('answers, and gives the same response again from any process', async () => {
    const created = await client.responses.create({
      model: MODEL,
      instructions: 'Jawab singkat.',
      input: 'Halo',
      metadata: { nomor: '1' },
    });
    expect(created).toMatchObject({
      object: 'response',
      status: 'completed',
      output_text: TEXT,
      metadata: { nomor: '1' },
      instructions: 'Jawab singkat.',
      usage: { output_tokens: 10 },
    });
    expect(lastMessages()).toMatchObject([{ role: 'system' }, { role: 'user' }]);
    const { _request_id, ...again } = (await otherClient.responses.retrieve(created.id)) as typeof created & {
      _request_id?: string;
    };
    expect(again.output).toEqual(created.output);
    expect(again.created_at).toBe(created.created_at);
  });

  it('streams by name and number, and goes on after any number from any process', async () => {
    const events = await collect(await client.responses.create({ model: MODEL, input: 'Halo', stream: true }));
    expect(events[0]?.type).toBe('response.created');
    expect(events.at(-1)?.type).toBe('response.completed');
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
    const [first] = events;
    const id = first?.type === 'response.created' ? first.response.id : '';
    for (const after of [0, 3, events.length - 2]) {
      const rest = await collect(await otherClient.responses.retrieve(id, { stream: true, starting_after: after }));
      expect(rest).toEqual(events.slice(after + 1));
    }
  });

  it('takes a limit that is none, an item whose type is null, and hands on how much is to be said', async () => {
    const input = [{ type: null as unknown as undefined, role: 'user' as const, content: 'Halo' }];
    const text = { verbosity: 'low' as const };
    const { output_text } = await client.responses.create({
      model: MODEL,
      input,
      text,
      max_output_tokens: 2 ** 31 - 1,
    });
    expect(output_text).toBe(TEXT);
    expect(upstream.requests.at(-1)?.body).toMatchObject({ verbosity: 'low' });
  });

  it('parses an answer that has a schema, by its own stream helper', async () => {
    upstream.behave({ tokens: ['{"nama"', ':"BUDI"', '}'] });
    const format = zodTextFormat(z.object({ nama: z.string() }), 'person');
    const parsed = await client.responses.parse({ model: MODEL, input: 'Siapa?', text: { format } });
    expect(parsed.output_parsed).toEqual({ nama: 'BUDI' });
    const streamed = await client.responses.stream({ model: MODEL, input: 'Siapa?', text: { format } }).finalResponse();
    expect(streamed.output_text).toBe('{"nama":"BUDI"}');
  });

  it('passes functions on, and takes what they gave', async () => {
    upstream.behave({
      tokens: [],
      toolCalls: [{ name: 'cuaca', arguments: ['{"kota"', ':"Bogor"}'] }],
      finishReason: 'tool_calls',
    });
    const tools = [{ type: 'function' as const, name: 'cuaca', parameters: { type: 'object' }, strict: true }];
    const asked = await client.responses.create({ model: MODEL, input: 'Cuaca?', tools });
    const [call] = asked.output;
    expect(call).toMatchObject({ type: 'function_call', name: 'cuaca', arguments: '{"kota":"Bogor"}' });
    upstream.behave(ORDINARY);
    const call_id = call?.type === 'function_call' ? call.call_id : '';
    const answered = await client.responses.create({
      model: MODEL,
      previous_response_id: asked.id,
      input: [{ type: 'function_call_output', call_id, output: 'hujan' }],
      tools,
    });
    expect(answered.output_text).toBe(TEXT);
    expect(lastMessages()?.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
    expect(lastMessages()?.[1]).toMatchObject({ tool_calls: [{ id: call_id, function: { name: 'cuaca' } }] });
  });

  // The AI SDK's default provider repeats a conversation so; its second turn was refused.
  it('finds the items of earlier responses that are referred to, and nobody else does', async () => {
    upstream.behave({ reasoning: ['Let', ' me'] });
    const question = { role: 'user' as const, content: 'Halo' };
    const { id, output } = await client.responses.create({ model: MODEL, input: [question] });
    const referred = output.map((item) => ({ type: 'item_reference' as const, id: item.id ?? '' }));
    const asked = await otherClient.responses.create({ model: MODEL, input: [question, ...referred, question] });
    expect(lastMessages()).toMatchObject([question, { role: 'assistant', content: TEXT }, question]);
    const put = await collect(await client.responses.inputItems.list(asked.id, { order: 'asc' }));
    expect(put.map(({ type }) => type)).toEqual(['message', 'reasoning', 'message', 'message']);
    const again = put.map((item) => ({ type: 'item_reference' as const, id: item.id ?? '' }));
    await client.responses.create({ model: MODEL, input: again });
    expect(lastMessages()?.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);

    const unknown = (item: string) =>
      client.responses.create({ model: MODEL, input: [{ type: 'item_reference', id: item }] });
    const refused = { status: 404, code: 'not_found', param: 'input[0].id' };
    await expect(unknown('msg_1')).rejects.toMatchObject(refused);
    await expect(unknown(`${output[1]?.id}7`)).rejects.toMatchObject(refused);
    await client.responses.delete(id);
    await expect(unknown(output[1]?.id ?? '')).rejects.toMatchObject(refused);
  });

  it('keeps thoughts apart', async () => {
    upstream.behave({ reasoning: ['Let', ' me'] });
    const { output } = await client.responses.create({ model: MODEL, input: 'Halo' });
    expect(output.map(({ type }) => type)).toEqual(['reasoning', 'message']);
  });

  it('works in the background until it is asked for, cancelled or deleted', async () => {
    upstream.behave({ tokens: tokens(200), tokensPerSecond: 50 });
    const queued = await client.responses.create({ model: MODEL, input: 'Halo', background: true });
    expect(['queued', 'in_progress']).toContain(queued.status);
    await expect.poll(async () => (await otherClient.responses.retrieve(queued.id)).status).toBe('in_progress');
    // Longer than a foreground answer lives without a reader.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const cancelled = await otherClient.responses.cancel(queued.id);
    expect(cancelled.status).toBe('cancelled');
    expect(cancelled.output).toHaveLength(1);
    await expect.poll(async () => (await client.responses.retrieve(queued.id)).status).toBe('cancelled');
    await client.responses.delete(queued.id);
    await expect(client.responses.retrieve(queued.id)).rejects.toMatchObject({ status: 404 });
  });

  it('lists what was put in', async () => {
    const { id } = await client.responses.create({
      model: MODEL,
      input: [
        { role: 'user', content: 'Satu' },
        { role: 'user', content: [{ type: 'input_text', text: 'Dua' }] },
      ],
    });
    const items = await collect(await client.responses.inputItems.list(id, { order: 'asc', limit: 1 }));
    expect(items).toMatchObject([
      { type: 'message', content: [{ type: 'input_text', text: 'Satu' }] },
      { type: 'message', content: [{ type: 'input_text', text: 'Dua' }] },
    ]);
    expect(new Set(items.map((item) => item.id)).size).toBe(2);
  });

  it('repeats a request of the same Idempotency-Key without asking the model again', async () => {
    const headers = { 'idempotency-key': `responses-${Date.now()}` };
    const first = await client.responses.create({ model: MODEL, input: 'Halo' }, { headers });
    const asked = upstream.requests.length;
    const second = await client.responses.create({ model: MODEL, input: 'Halo' }, { headers });
    expect(second.id).toBe(first.id);
    expect(upstream.requests.length).toBe(asked);
    await expect(client.responses.create({ model: MODEL, input: 'Lain' }, { headers })).rejects.toMatchObject({
      status: 422,
    });
  });

  it('shows the model a file that was handed in, in a response and in a chat', async () => {
    const picture = await specimen();
    const { id: file_id } = await client.files.create({ file: await toFile(picture, 'ktp.jpg'), purpose: 'vision' });
    const isShown = () => {
      const content = lastMessages()?.at(-1)?.content as { type: string; image_url?: { url: string } }[] | undefined;
      return content?.map(({ image_url, type }) => image_url?.url.slice(0, 16) ?? type);
    };
    const content = [
      { type: 'input_text' as const, text: 'Apa ini?' },
      { type: 'input_image' as const, file_id, detail: 'auto' as const },
      { type: 'input_file' as const, file_id },
    ];
    const { id } = await client.responses.create({ model: MODEL, input: [{ role: 'user', content }] });
    expect(isShown()).toEqual(['text', 'data:image/jpeg;', 'data:image/jpeg;']);
    await client.responses.create({ model: MODEL, previous_response_id: id, input: 'Lagi' });
    expect(lastMessages()).toHaveLength(3);
    // What was put in is shown as it came.
    const [item] = await collect(await client.responses.inputItems.list(id));
    expect(item).toMatchObject({ content: [{ text: 'Apa ini?' }, { file_id }, { file_id }] });
    await client.chat.completions.create({
      model: MODEL,
      messages: [{ role: 'user', content: [{ type: 'file', file: { file_id } }] }],
    });
    expect(isShown()).toEqual(['data:image/jpeg;']);
    const text = await client.files.create({
      file: await toFile(Buffer.from('no picture'), 'a'),
      purpose: 'user_data',
    });
    const wrong = [{ type: 'input_image' as const, file_id: text.id, detail: 'auto' as const }];
    await expect(
      client.responses.create({ model: MODEL, input: [{ role: 'user', content: wrong }] }),
    ).rejects.toMatchObject({ status: 400, code: 'invalid_image' });
  });

  it('does not keep what is not to be stored', async () => {
    const { id } = await client.responses.create({ model: MODEL, input: 'Halo', store: false });
    await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });
});

// `chat.cancel` had a name in the console and was never written; a repeat that showed an answer again left no trace.
describe('the access log says of an answer', () => {
  /** What was done since, oldest first, each as action and kind of record. */
  async function actionsOf(act: () => Promise<unknown>): Promise<string[]> {
    const last = await platform.database.accessLogEntry.findFirst({ orderBy: { id: 'desc' } });
    await act();
    const entries = await platform.database.accessLogEntry.findMany({
      where: { id: { gt: last?.id ?? 0 } },
      orderBy: { id: 'asc' },
    });
    return entries.map(({ action, subject }) => `${action} ${subject.split('_')[0]}`);
  }

  it('who reads a response, whole, streamed, by what was put in or as part of another one, and who erases it', async () => {
    const { id, output } = await client.responses.create({ model: MODEL, input: 'Halo' });
    expect(await actionsOf(() => otherClient.responses.retrieve(id))).toEqual(['chat.read gen']);
    const streamed = async () => collect(await otherClient.responses.retrieve(id, { stream: true }));
    expect(await actionsOf(streamed)).toEqual(['chat.read gen']);
    const listed = async () => collect(await client.responses.inputItems.list(id));
    expect(await actionsOf(listed)).toEqual(['chat.read resp']);
    const goOn = () => client.responses.create({ model: MODEL, previous_response_id: id, input: 'Lagi' });
    expect(await actionsOf(goOn)).toEqual(['chat.read resp', 'chat.read gen', 'chat.create gen']);
    const reference = { type: 'item_reference' as const, id: output[0]?.id ?? '' };
    const refer = () =>
      client.responses.create({ model: MODEL, input: [reference, { role: 'user', content: 'Lagi' }] });
    expect(await actionsOf(refer)).toEqual(['chat.read gen', 'chat.create gen']);
    expect(await actionsOf(() => client.responses.delete(id))).toEqual(['chat.delete resp', 'chat.delete gen']);
  });

  it('who is shown it again by repeating the request', async () => {
    const headers = { 'idempotency-key': `logged-${Date.now()}` };
    const respond = () => client.responses.create({ model: MODEL, input: 'Halo' }, { headers });
    expect(await actionsOf(respond)).toEqual(['chat.create gen']);
    expect(await actionsOf(respond)).toEqual(['chat.read gen']);
    const body = { model: MODEL, messages: [{ role: 'user' as const, content: 'Halo' }] };
    const complete = () => client.chat.completions.create(body, { headers });
    expect(await actionsOf(complete)).toEqual(['chat.create gen']);
    expect(await actionsOf(complete)).toEqual(['chat.read gen']);
  });

  it('who stops it, once', async () => {
    upstream.behave({ tokens: tokens(200), tokensPerSecond: 50 });
    const { id } = await client.responses.create({ model: MODEL, input: 'Halo', background: true });
    const stop = () => otherClient.responses.cancel(id);
    expect(await actionsOf(stop)).toEqual(['chat.cancel gen', 'chat.read gen']);
    expect(await actionsOf(stop)).toEqual(['chat.read gen']);
    const session = 'stopped';
    const reading = client.chat.completions.create({
      model: MODEL,
      messages: [{ role: 'user', content: 'Halo' }],
      ...{ session_id: session },
    });
    const cancel = () => api.request(`/v1/cancel/${session}`, { method: 'POST' });
    await expect.poll(async () => (await api.request(`/v1/chat/completions/${session}/stream`)).status).toBe(200);
    expect(await actionsOf(cancel)).toEqual(['chat.cancel gen']);
    expect(await actionsOf(cancel)).toEqual([]);
    await reading;
  });
});

describe('refusals', () => {
  const post = (body: object) => api.request('/v1/responses', jsonRequest(body));

  it.each([
    [{ model: MODEL, input: 'x', tools: [{ type: 'web_search' }] }, 400, 'invalid_value', 'tools[0].type'],
    [{ model: MODEL, input: 'x', conversation: 'c' }, 400, 'invalid_value', 'conversation'],
    [{ model: MODEL, input: 'x', background: true, store: false }, 400, 'invalid_value', 'background'],
    [{ model: MODEL, input: 'x', previous_response_id: 'resp_no' }, 404, 'not_found', 'previous_response_id'],
    [{ model: 'other', input: 'x' }, 404, 'model_not_found', 'model'],
    [{ model: MODEL }, 400, 'invalid_value', 'input'],
    [{ model: 'ktp-ocr', input: 'x' }, 422, 'missing_image', 'input'],
    [{ model: MODEL, input: [] }, 400, 'empty_messages', 'input'],
  ] as const)('%j -> %i %s', async (body, status, code, param) => {
    expect(await errorOf(await post(body))).toEqual({ status, code, param });
  });

  it("knows nothing of another tenant's responses", async () => {
    const keyed = await startTestApi(platform, { API_KEYS: 'first-key:chat,second-key:chat' });
    const clientOf = (apiKey: string) => new OpenAI({ baseURL: `${keyed.address}/v1`, apiKey, maxRetries: 0 });
    const { id } = await clientOf('first-key').responses.create({ model: MODEL, input: 'Halo' });
    expect((await clientOf('first-key').responses.retrieve(id)).id).toBe(id);
    await expect(clientOf('second-key').responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
    await expect(clientOf('second-key').responses.delete(id)).rejects.toMatchObject({ status: 404 });
    await expect(
      clientOf('second-key').responses.create({
        model: MODEL,
        input: [{ type: 'item_reference', id: `msg_${id.replace('resp_', '')}0` }],
      }),
    ).rejects.toMatchObject({ status: 404, code: 'not_found', param: 'input[0].id' });
    const mine = await clientOf('first-key').files.create({
      file: await toFile(Buffer.from('x'), 'x'),
      purpose: 'vision',
    });
    const content = [{ type: 'input_image' as const, file_id: mine.id, detail: 'auto' as const }];
    await expect(
      clientOf('second-key').responses.create({ model: MODEL, input: [{ role: 'user', content }] }),
    ).rejects.toMatchObject({ status: 404, code: 'not_found', param: 'input[0].content[0].file_id' });
    await keyed.close();
  });
});
