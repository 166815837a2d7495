import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { KtpflowError } from '../../src/errors.ts';
import type { Engine, GenerationPart, GenerationRequest } from '../../src/inference/engine.ts';
import { createOpenAiCompatibleEngine } from '../../src/inference/openai-compatible/openai-compatible-engine.ts';
import type { OpenAiCompatibleOptions } from '../../src/inference/openai-compatible/options.ts';
import { startUpstream, type Upstream, type UpstreamBehaviour } from '../support/upstream.ts';

const MODEL = 'Qwen/Qwen3-VL-2B-Instruct';
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(
  behaviour: Partial<UpstreamBehaviour> = {},
  options: Partial<OpenAiCompatibleOptions> = {},
): Promise<{ upstream: Upstream; engine: Engine }> {
  const upstream = await startUpstream(behaviour);
  const engine = createOpenAiCompatibleEngine({
    id: 'openai',
    baseUrl: upstream.url,
    modelId: MODEL,
    maxImagePixels: 1_000_000,
    ...options,
  });
  closing.push(
    () => engine.close(),
    () => upstream.close(),
  );
  return { upstream, engine };
}

function request(changes: Partial<GenerationRequest> = {}): GenerationRequest {
  return {
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Halo' }] }],
    sampling: { maxTokens: 100, temperature: 0.5 },
    responseFormat: { type: 'text' },
    ...changes,
  };
}

async function collect(engine: Engine, changes: Partial<GenerationRequest> = {}, signal?: AbortSignal) {
  const parts: GenerationPart[] = [];
  for await (const part of engine.generate(request(changes), { signal: signal ?? new AbortController().signal })) {
    parts.push(part);
  }
  const pieces = parts.flatMap((part) => (part.type === 'piece' ? [part.piece] : []));
  const finishes = parts.filter((part) => part.type === 'finish');
  expect(finishes).toHaveLength(1);
  expect(parts.at(-1)?.type).toBe('finish');
  return {
    pieces,
    content: pieces.map((piece) => piece.content ?? '').join(''),
    reasoning: pieces.map((piece) => piece.reasoning ?? '').join(''),
    finish: finishes[0]!,
  };
}

async function failure(work: Promise<unknown>): Promise<KtpflowError> {
  const error = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(KtpflowError);
  return error as KtpflowError;
}

describe('an answer', () => {
  it('comes piece by piece with the usage of the upstream', async () => {
    const { engine, upstream } = await start();
    const { pieces, content, finish } = await collect(engine);
    expect(content).toBe('Selamat pagi, dunia.');
    expect(pieces).toHaveLength(5);
    expect(finish).toMatchObject({ reason: 'stop', usage: { completionTokens: 5, cachedTokens: 0 } });
    expect(upstream.requests[0]?.body).toMatchObject({ model: MODEL, stream: true, max_tokens: 100, temperature: 0.5 });
  });

  it.each([1, 3, 7, 64])('survives borders of bytes anywhere (%i bytes a write)', async (chunkBytes) => {
    const tokens = ['Ké', '🙂🙃', '日本', ' <b>', '\n\ndata: x\n\n', 'é'];
    const { engine } = await start({ tokens, chunkBytes });
    expect((await collect(engine)).content).toBe(tokens.join(''));
  });

  it.each(['reasoning', 'reasoning_content'] as const)('keeps the field %s apart', async (reasoningField) => {
    const { engine } = await start({ reasoning: ['Hm', 'm.'], reasoningField });
    expect(await collect(engine)).toMatchObject({ reasoning: 'Hmm.', content: 'Selamat pagi, dunia.' });
  });

  it('splits <think> from the text', async () => {
    const { engine } = await start({ tokens: ['<th', 'ink>', '\nHm', 'm</', 'think', '>\n', '\nYa', '.'] });
    expect(await collect(engine)).toMatchObject({ reasoning: 'Hmm', content: 'Ya.' });
  });

  it('carries log probabilities with their tokens', async () => {
    const { engine, upstream } = await start({ logprobs: true, tokens: ['<', 'b', '>'] });
    const { pieces } = await collect(engine, {
      sampling: { maxTokens: 5, temperature: 0, logprobs: true, topLogprobs: 1 },
    });
    expect(pieces.flatMap((piece) => piece.logprobs ?? []).map(({ token }) => token)).toEqual(['<', 'b', '>']);
    expect(upstream.requests[0]?.body).toMatchObject({ logprobs: true, top_logprobs: 1 });
  });

  it('carries tool calls, and says so at the end', async () => {
    const { engine } = await start({ toolCalls: [{ name: 'cuaca', arguments: ['{"kota":', '"Bogor"}'] }] });
    const { pieces, finish } = await collect(engine, { tools: [{ type: 'function', function: { name: 'cuaca' } }] });
    const calls = pieces.flatMap((piece) => piece.toolCalls ?? []);
    expect(calls[0]).toMatchObject({ index: 0, id: 'call_0', function: { name: 'cuaca' } });
    expect(calls.map((call) => call.function?.arguments ?? '').join('')).toBe('{"kota":"Bogor"}');
    expect(finish.reason).toBe('tool_calls');
  });

  it('is counted by the tokenizer where the upstream gives no usage', async () => {
    const { engine } = await start({ usage: false });
    expect((await collect(engine)).finish.usage).toEqual({ promptTokens: 1, completionTokens: 5, estimated: true });
    const bare = await start({ usage: false, tokenize: false });
    expect((await collect(bare.engine)).finish.usage).toBeNull();
  });

  it('sends pictures and frames as data URLs, frames behind their times', async () => {
    const { engine, upstream } = await start();
    const bytes = Buffer.from('jpeg');
    await collect(engine, {
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'Kamu.' }] },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Apa ini?' },
            { type: 'image', mimeType: 'image/jpeg', bytes },
            { type: 'video', frames: [{ seconds: 1.25, mimeType: 'image/jpeg', bytes }] },
          ],
        },
      ],
    });
    const image = { type: 'image_url', image_url: { url: `data:image/jpeg;base64,${bytes.toString('base64')}` } };
    expect(upstream.requests[0]?.body.messages).toEqual([
      { role: 'system', content: 'Kamu.' },
      {
        role: 'user',
        content: [{ type: 'text', text: 'Apa ini?' }, image, { type: 'text', text: '<1.3 seconds>' }, image],
      },
    ]);
  });
});

describe('a continued answer', () => {
  const tokens = Array.from({ length: 40 }, (_, index) => (index % 7 === 6 ? `\n\n${index}.` : ` kata${index}`));
  const whole = tokens.join('');

  it.each(['vllm', 'sglang', 'llamacpp'] as const)('is the same text from every cut point (%s)', async (kind) => {
    const { engine, upstream } = await start({ kind, tokens });
    expect((await engine.readiness()).ready).toBe(true);
    expect(engine.capabilities.continueFromPrefix).toBe(true);
    for (let cut = 1; cut < whole.length; cut += 5) {
      const prefix = whole.slice(0, cut);
      expect(prefix + (await collect(engine, { prefix })).content).toBe(whole);
    }
    const told = { continue_final_message: true, add_generation_prompt: false };
    if (kind !== 'llamacpp') expect(upstream.requests.at(-1)?.body).toMatchObject(told);
  });

  it('drops a prefix that the server repeats', async () => {
    const { engine } = await start({ tokens, echoPrefix: true });
    for (const cut of [20, 60, 101]) {
      const prefix = whole.slice(0, cut);
      expect(prefix + (await collect(engine, { prefix })).content).toBe(whole);
    }
  });

  it('is counted as one answer, and says that the count is an estimate', async () => {
    const { engine } = await start({ tokens });
    const { finish } = await collect(engine, { prefix: whole.slice(0, 40) });
    expect(finish.usage?.estimated).toBe(true);
    expect(finish.usage?.completionTokens).toBeGreaterThan(30);
  });
});

describe('faults', () => {
  it.each([429, 503])('waits out a %i with Retry-After before the first token', async (status) => {
    const { engine, upstream } = await start({ fail: { status, times: 2, retryAfter: '0.05' } });
    expect((await collect(engine)).content).toBe('Selamat pagi, dunia.');
    expect(upstream.requests).toHaveLength(3);
  });

  it('does not wait for a long Retry-After, but hands it on', async () => {
    const { engine, upstream } = await start({ fail: { status: 503, times: 9, retryAfter: '40' } });
    expect(await failure(collect(engine))).toMatchObject({ code: 'model_not_ready', retryAfterSeconds: 40 });
    expect(upstream.requests).toHaveLength(1);
  });

  it.each([
    [400, '{"error":{"message":"maximum context length is 8192 tokens"}}', 'context_length_exceeded', false],
    [400, '{"error":{"type":"exceed_context_size_error"}}', 'context_length_exceeded', false],
    [400, '{"error":{"message":"bad top_k"}}', 'invalid_value', false],
    [400, '{"error":{"message":"image input is not supported - hint: mmproj"}}', 'unsupported_content_part', false],
    [401, '{}', 'upstream_failed', false],
    [403, '{}', 'upstream_failed', false],
    [404, '{"error":{"message":"The model does not exist"}}', 'model_not_ready', true],
    [500, 'boom', 'upstream_failed', true],
  ] as const)('maps %i %s to %s', async (status, body, code, retryable) => {
    const { engine } = await start({ fail: { status, times: 9, body } });
    expect(await failure(collect(engine))).toMatchObject({ code, retryable });
  });

  it('never shows the address, the key or the body of the upstream', async () => {
    const secret = 'sk-very-secret';
    for (const status of [400, 401, 404, 429, 500]) {
      const { engine, upstream } = await start(
        { apiKey: secret, fail: { status, times: 9, body: `{"error":"${secret} at host-of-upstream"}` } },
        { apiKey: secret },
      );
      const error = await failure(collect(engine));
      expect(error.message).not.toMatch(/secret|host-of-upstream|127\.0\.0\.1|http/);
      expect(error.message).not.toContain(String(upstream.port));
    }
  });

  it('says that a wrong key is a wrong key', async () => {
    const { engine } = await start({ apiKey: 'right' }, { apiKey: 'wrong' });
    expect(await failure(collect(engine))).toMatchObject({ code: 'upstream_failed', retryable: false });
    expect(await engine.readiness()).toEqual({ ready: false, error: 'The model server refused our credentials.' });
  });

  it('is not ready where nothing listens, and comes back with the server', async () => {
    const { engine, upstream } = await start();
    await upstream.close();
    expect(await failure(collect(engine))).toMatchObject({ code: 'model_not_ready', retryable: true });
    expect((await engine.readiness()).ready).toBe(false);
    const again = await startUpstream({}, { port: upstream.port });
    closing.push(() => again.close());
    await expect.poll(async () => (await engine.readiness()).ready).toBe(true);
    expect((await collect(engine)).content).toBe('Selamat pagi, dunia.');
  });

  it('retries a connection that broke before the first token, never after it', async () => {
    const { engine, upstream } = await start({ cutAfter: 0 });
    setTimeout(() => upstream.behave({ cutAfter: null }), 200);
    expect((await collect(engine)).content).toBe('Selamat pagi, dunia.');
    upstream.behave({ cutAfter: 2 });
    const before = upstream.requests.length;
    expect(await failure(collect(engine))).toMatchObject({ code: 'upstream_failed', retryable: true });
    expect(upstream.requests.length).toBe(before + 1);
  });

  it('takes a stream that ends without a finish reason for an error', async () => {
    const { engine } = await start({ endAfter: 3 });
    expect(await failure(collect(engine))).toMatchObject({ code: 'upstream_failed', retryable: true });
  });

  it('takes an error event and a finish of `abort` for an error', async () => {
    const { engine, upstream } = await start({
      errorAfter: { tokens: 2, data: { error: { message: 'x', code: 500 } } },
    });
    expect(await failure(collect(engine))).toMatchObject({ code: 'upstream_failed', retryable: true });
    const data = { error: { message: 'maximum context length', code: 400 } };
    upstream.behave({ errorAfter: { tokens: 0, data } });
    expect(await failure(collect(engine))).toMatchObject({ code: 'context_length_exceeded' });
    upstream.behave({ errorAfter: null, finishReason: 'abort' });
    expect(await failure(collect(engine))).toMatchObject({ code: 'upstream_failed' });
  });

  it('ends a wait for the first token, whatever comments come', async () => {
    const { engine } = await start({ firstTokenDelayMs: 5_000, keepAliveMs: 20 }, { timeouts: { firstTokenMs: 300 } });
    expect(await failure(collect(engine))).toMatchObject({ code: 'deadline_exceeded' });
  });

  it('ends a silence between tokens, but takes comments for life', async () => {
    const silent = await start({ hangAfter: 2 }, { timeouts: { idleMs: 200 } });
    expect(await failure(collect(silent.engine))).toMatchObject({ code: 'upstream_failed', retryable: true });
    const slow = await start({ tokensPerSecond: 2, keepAliveMs: 50 }, { timeouts: { idleMs: 200 } });
    expect((await collect(slow.engine)).content).toBe('Selamat pagi, dunia.');
  });
});

describe('abort', () => {
  it('closes the connection, before and after the first token', async () => {
    for (const hangAfter of [0, 2, 0, 2, 3]) {
      const { engine, upstream } = await start({ hangAfter });
      const controller = new AbortController();
      const work = collect(engine, {}, controller.signal);
      work.catch(() => undefined);
      await expect.poll(() => upstream.requests[0]?.tokensSent).toBe(hangAfter);
      controller.abort(new Error('cancelled by the test'));
      await expect(work).rejects.toThrow('cancelled by the test');
      // The server itself would never end it.
      await expect.poll(() => upstream.requests[0]?.closedAt).not.toBeNull();
    }
  });

  it('closes the connection where the reader leaves', async () => {
    const { engine, upstream } = await start({ hangAfter: 3 });
    for await (const part of engine.generate(request(), { signal: new AbortController().signal })) {
      if (part.type === 'piece') break;
    }
    await expect.poll(() => upstream.requests[0]?.closedAt).not.toBeNull();
  });

  it('ends a wait for a retry', async () => {
    const { engine } = await start({ fail: { status: 503, times: 9, retryAfter: '9' } });
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('cancelled by the test')), 100);
    const begun = Date.now();
    await expect(collect(engine, {}, controller.signal)).rejects.toThrow();
    expect(Date.now() - begun).toBeLessThan(8_000);
  });
});

describe('what a server is', () => {
  it.each([
    ['vllm', { jsonSchema: true, continueFromPrefix: true }, 8192],
    ['sglang', { jsonSchema: true, continueFromPrefix: true }, 8192],
    ['llamacpp', { jsonSchema: true, continueFromPrefix: true, vision: true }, 8192],
    ['ollama', { jsonSchema: true, continueFromPrefix: false, logprobs: false }, 8192],
    ['generic', { jsonSchema: false, continueFromPrefix: false }, null],
  ] as const)('is found out: %s', async (kind, capabilities, contextLength) => {
    const { engine } = await start({ kind });
    expect(await engine.contextLength()).toBe(contextLength);
    expect(engine.capabilities).toMatchObject(capabilities);
  });

  it('is asked at most once in some seconds', async () => {
    const { engine, upstream } = await start();
    await Promise.all([engine.readiness(), engine.readiness(), engine.contextLength()]);
    expect(upstream.probes).toEqual(['/v1/models']);
  });

  it('may know nothing but chat completions', async () => {
    const { engine } = await start({ chatOnly: true });
    expect(await engine.readiness()).toEqual({ ready: true, error: null });
    expect((await collect(engine)).content).toBe('Selamat pagi, dunia.');
  });

  it('may say that it has no list of models (501)', async () => {
    const server = createServer((_request, response) => response.writeHead(501).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const baseUrl = `http://127.0.0.1:${port}`;
    const engine = createOpenAiCompatibleEngine({ id: 'openai', baseUrl, modelId: 'm', maxImagePixels: 1 });
    closing.push(
      () => engine.close(),
      () => new Promise((resolve) => server.close(() => resolve())),
    );
    expect(await engine.readiness()).toEqual({ ready: true, error: null });
  });

  it('is not ready where it serves another model', async () => {
    const { engine } = await start({ model: 'another/model' });
    expect(await engine.readiness()).toEqual({ ready: false, error: 'The model server does not serve this model.' });
  });

  it('serves a model of Ollama also where its tag is left out', async () => {
    const upstream = await startUpstream({ kind: 'ollama', model: 'qwen3-vl:latest' });
    const options = { id: 'openai', baseUrl: upstream.url, modelId: 'qwen3-vl', maxImagePixels: 1 };
    const engine = createOpenAiCompatibleEngine(options);
    closing.push(
      () => engine.close(),
      () => upstream.close(),
    );
    expect(await engine.readiness()).toEqual({ ready: true, error: null });
    expect(await engine.contextLength()).toBe(8192);
  });

  it('counts tokens by its own tokenizer, where it has one', async () => {
    expect(await (await start()).engine.countTokens('12345678')).toBe(2);
    expect(await (await start({ kind: 'llamacpp' })).engine.countTokens('12345678')).toBe(2);
    expect(await (await start({ kind: 'ollama' })).engine.countTokens('12345678')).toBeNull();
  });
});
