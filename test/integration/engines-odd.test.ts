import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as zlib from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { KtpflowError } from '../../src/errors.ts';
import type { Engine, GenerationPart, GenerationRequest } from '../../src/inference/engine.ts';
import { EngineFault } from '../../src/inference/engine-fault.ts';
import { createOpenAiCompatibleEngine } from '../../src/inference/openai-compatible/openai-compatible-engine.ts';
import type { OpenAiCompatibleOptions } from '../../src/inference/openai-compatible/options.ts';
import {
  chunk,
  event,
  type RawAnswer,
  startUpstream,
  type Upstream,
  type UpstreamBehaviour,
  type UpstreamBody,
} from '../support/upstream.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(
  behaviour: Partial<UpstreamBehaviour>,
  options: Partial<OpenAiCompatibleOptions> = {},
): Promise<{ upstream: Upstream; engine: Engine }> {
  const upstream = await startUpstream(behaviour);
  const modelId = behaviour.model ?? 'Qwen/Qwen3-VL-2B-Instruct';
  const engine = createOpenAiCompatibleEngine({
    id: 'openai',
    baseUrl: upstream.url,
    modelId,
    maxImagePixels: 1,
    ...options,
  });
  closing.push(
    () => engine.close(),
    () => upstream.close(),
  );
  return { upstream, engine };
}

/** A server that answers with just these parts, whatever is asked. */
const saying = (...parts: RawAnswer['parts']) => start({ raw: () => ({ parts }) });

async function collect(engine: Engine, changes: Partial<GenerationRequest> = {}) {
  const request: GenerationRequest = {
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Halo' }] }],
    sampling: { maxTokens: 100, temperature: 0.5 },
    responseFormat: { type: 'text' },
    ...changes,
  };
  const parts: GenerationPart[] = [];
  for await (const part of engine.generate(request, { signal: new AbortController().signal })) parts.push(part);
  const pieces = parts.flatMap((part) => (part.type === 'piece' ? [part.piece] : []));
  const finish = parts.at(-1);
  return {
    content: pieces.map((piece) => piece.content ?? '').join(''),
    reasoning: pieces.map((piece) => piece.reasoning ?? '').join(''),
    pieces,
    reason: finish?.type === 'finish' ? finish.reason : null,
    usage: finish?.type === 'finish' ? finish.usage : null,
  };
}

async function failure(work: Promise<unknown>): Promise<KtpflowError> {
  const error = await work.then(
    (value) => new Error(`it did not fail: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof KtpflowError)) throw error;
  return error;
}

const words = ['w0 ', 'w1 ', 'w2'].map((content) => chunk({ content }));
const stop = chunk({}, { finish_reason: 'stop' });
const done = 'data: [DONE]\n\n';
const WHOLE = { content: 'w0 w1 w2', reason: 'stop' };

describe('decoration of an answer', () => {
  const each = (choice: object, rest: object = {}) =>
    words.map((_, index) => chunk({ content: `w${index}${index < 2 ? ' ' : ''}` }, choice, rest));
  const entry = (logprob: unknown) => ({ logprobs: { content: [{ token: 'w', logprob }] } });
  it.each<[string, RawAnswer['parts']]>([
    ['an empty usage in every chunk', [...each({}, { usage: {} }), stop, done]],
    [
      'usage without counts',
      [...words, chunk({}, { finish_reason: 'stop' }, { usage: { prompt_tokens: null } }), done],
    ],
    ['usage that is text', [...each({}, { usage: 'none' }), stop, done]],
    ['a log probability that is null', [...each(entry(null)), stop, done]],
    ['a log probability that is text', [...each(entry('-Infinity')), stop, done]],
    ['log probabilities in the old form', [...each({ logprobs: { tokens: ['w'], token_logprobs: [-1] } }), stop, done]],
    [
      'fields of other types',
      [...each({}, { id: 5, created: 'now', model: null, system_fingerprint: {} }), stop, done],
    ],
    ['a choice without an index', [...words.map((word) => word.replace('"index":0,', '')), stop, done]],
    ['an empty finish reason in every chunk', [...each({ finish_reason: '' }), stop, done]],
    ['the finish reason `null` as text', [...each({ finish_reason: 'null' }), stop, done]],
    ['a finish reason that is an object', [...words, chunk({}, { finish_reason: { type: 'stop', matched: 7 } }), done]],
    ['no finish reason, but [DONE]', [...words, done]],
    ['a finish reason with every word', [...each({ finish_reason: 'stop' })]],
    ['no [DONE]', [...words, stop]],
    ['[DONE] in quotes', [...words, 'data: "[DONE]"\n\n']],
    ['a last event without its blank line', [...words, stop.trimEnd()]],
    [
      'signs of life as data',
      [
        'data: : keepalive\n\n',
        words[0]!,
        'data: null\n\n',
        'data: ping\n\n',
        words[1]!,
        'data:\n\n',
        words[2]!,
        'data: {}\n\n',
        stop,
        done,
      ],
    ],
    [
      'named events',
      ['event: ping\ndata: {"type": "ping"}\n\n', ...words.map((word) => `event: message\nid: 1\n${word}`), stop, done],
    ],
    ['no blank behind `data:`', [...words, stop, done].map((text) => text.replace('data: ', 'data:'))],
    ["Azure's first chunk", [event({ id: '', choices: [], prompt_filter_results: [] }), ...words, stop, done]],
    [
      'another choice beside ours',
      [
        chunk({ content: 'bad' }, { index: 1 }),
        ...words,
        chunk({ content: 'bad' }, { index: 1, finish_reason: 'stop' }),
        stop,
        done,
      ],
    ],
    ['content in parts', [...words.slice(0, 2), chunk({ content: [{ type: 'text', text: 'w2' }] }), stop, done]],
    [
      'the whole answer once more',
      [...words, chunk(null, { message: { content: 'w0 w1 w2' }, finish_reason: 'stop' }).replace('.chunk', ''), done],
    ],
    [
      'nothing as an empty list',
      [chunk(null, { delta: [], message: [] }), ...words, chunk(null, { delta: [], finish_reason: 'stop' }), done],
    ],
    ['nothing as an empty text', [chunk(null, { delta: '' }), event({ choices: '' }), ...words, stop, done]],
    ['nothing as null in a list', [event({ choices: [null] }), chunk({ content: [null] }), ...words, stop, done]],
    [
      'the whole answer once more, called a chunk',
      [...words, chunk(null, { message: { content: 'w0 w1 w2' }, finish_reason: 'stop' }), done],
    ],
    [
      'a logarithm that is no JSON',
      [...each(entry('LOG')).map((text) => text.replace('"LOG"', '-Infinity')), stop, done],
    ],
    ['a [DONE] without the end of its line', [...words, done.trimEnd()]],
    ['an empty error with every word', [...each({}, { error: {} }), stop, done]],
    ['an index that is text', [...words, chunk({ content: 'bad' }, { index: '1' }), stop, done]],
    ...['{}', '""', '[null]', '[{}]', 'false'].map((calls): [string, RawAnswer['parts']] => [
      `tool calls that are ${calls}`,
      [...words.map((word) => word.replace('"content"', `"tool_calls":${calls},"content"`)), stop, done],
    ]),
    ...['{}', '""', '{"name":"","arguments":""}'].map((call): [string, RawAnswer['parts']] => [
      `a function call that is ${call}`,
      [...words.map((word) => word.replace('"content"', `"function_call":${call},"content"`)), stop, done],
    ]),
    ['no blank lines between events', [[...words, stop, done].join('').replaceAll('\n\n', '\n')]],
    ['[DONE] without `data:`', [...words, '[DONE]\n\n']],
    ['one part as its content', [...words.slice(0, 2), chunk({ content: { type: 'text', text: 'w2' } }), stop, done]],
    ['a reason that says that it goes on', [...each({ finish_reason: 'in_progress' }), stop, done]],
    [
      'a reason with the role',
      [chunk({ role: 'assistant', content: '' }, { finish_reason: 'stop' }), ...words, stop, done],
    ],
    ['`message` for `delta`', [chunk(null, { message: { role: 'assistant', content: 'w0 w1 w2' } }), stop, done]],
    ['a number for a text', [chunk({ content: 'w0 w1 w' }), chunk({ content: 2 }), stop, done]],
    ['a text with a value', [...words.slice(0, 2), chunk({ content: [{ text: { value: 'w2' } }] }), stop, done]],
    ['events in events', [...words, stop, done].map((text) => text.replace('data: ', 'data: data: '))],
    ['an indented `data`', [...words, stop, done].map((text) => ` ${text}`)],
    ['`data` in capitals', [...words, stop, done].map((text) => text.replace('data', 'Data'))],
    ['something behind [DONE]', [...words, stop, done, chunk({ content: 'bad' }), stop, done]],
    ['the end as the name of an event', [...words, 'event: done\ndata: {"message": "bye"}\n\n']],
    ['a reason beside the choices', [...words, event({ choices: [], finish_reason: 'stop' })]],
    [
      'signs of life as objects with words',
      [
        event({ type: 'heartbeat', message: 'alive' }),
        ...words,
        event({ status: 'processing', message: 'x' }),
        stop,
        done,
      ],
    ],
  ])('is let pass: %s', async (_name, parts) => {
    const { engine, upstream } = await saying(...parts);
    expect(await collect(engine)).toMatchObject(WHOLE);
    expect(upstream.requests).toHaveLength(1);
  });

  it('does not stand for a count where a server counts nothing', async () => {
    const zero = chunk({}, { finish_reason: 'stop' }, { usage: { prompt_tokens: 0, completion_tokens: 0 } });
    const { usage } = await collect((await saying(...words, zero, done)).engine);
    expect(usage).toMatchObject({ completionTokens: 2, estimated: true });
  });

  it.each([
    ['as text', {}, { usage: { prompt_tokens: '3', completion_tokens: '4' } }],
    ['by the names of Anthropic', {}, { usage: { input_tokens: 3, output_tokens: 4 } }],
    ['in the choice (Moonshot)', { usage: { prompt_tokens: 3, completion_tokens: 4 } }, {}],
    ['of Groq', {}, { x_groq: { usage: { prompt_tokens: 3, completion_tokens: 4 } } }],
  ])('counts all the same: %s', async (_name, choice, rest) => {
    const { engine } = await saying(...words, chunk({}, { finish_reason: 'stop', ...choice }, rest), done);
    expect((await collect(engine)).usage).toEqual({ promptTokens: 3, completionTokens: 4 });
  });

  it.each([
    ['both names, one empty', { reasoning: '', reasoning_content: 'hm' }],
    ['an object', { reasoning: { text: 'hm' } }],
    ['a name of Ollama', { thinking: 'hm' }],
    ['a summary', { reasoning: { summary: [{ text: 'hm' }] } }],
    ['details', { reasoning_details: [{ type: 'reasoning.text', text: 'hm' }] }],
    ['a text', { reasoning_text: 'hm' }],
    ['blocks of Anthropic', { thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 'x' }] }],
    ['a part with its text', { content: [{ type: 'thinking', text: 'hm' }] }],
    ['a part by its own name', { content: [{ type: 'reasoning', reasoning: 'hm' }] }],
    ['tags of another model', { content: '[THINK]hm[/THINK]' }],
    ['parts of the content', { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }],
  ])('is reasoning under any name: %s', async (_name, delta) => {
    const { engine } = await saying(chunk(delta), ...words, stop, done);
    expect(await collect(engine)).toMatchObject({ ...WHOLE, reasoning: 'hm' });
  });
});

describe('an answer that is cut', () => {
  it.each<[string, RawAnswer['parts']]>([
    [
      'after a reason with every word',
      [...['a', 'b'].map((content) => chunk({ content }, { finish_reason: 'stop' })), 'cut'],
    ],
    ['after a reason with the first word', [chunk({ content: 'w0 ' }, { finish_reason: 'stop' }), 'cut']],
    ['after an empty finish reason', [chunk({ content: 'w0 ' }, { finish_reason: '' }), 'cut']],
    ['in an event', [...words, 'data: {"choices":[{"index":0,"delta":{},"finish_re']],
    ['with a reason that tells of it', [...words, chunk({}, { finish_reason: 'insufficient_system_resource' }), done]],
    ['by an error in a form of its own', [...words, event({ object: 'error', message: 'CUDA', code: 50001 }), done]],
    ['by an event that is named an error', [...words, 'event: error\ndata: {"message": "CUDA"}\n\n', done]],
    ['by a line that is named an error', [...words, 'error: {"code": 500, "message": "CUDA"}\n\n']],
    ['by the words of an error', [...words, 'data: Internal Server Error\n\n', done]],
    ['by an event that is named an exception', [...words, 'event: exception\ndata: {"x": 1}\n\n', done]],
    ['by an error of its choice', [...words, chunk({}, { error: { code: 500, message: 'x' } }), done]],
    ['by a code', [...words, event({ code: 500, msg: 'busy' }), done]],
    ['by a code deep inside', [...words, event({ base_resp: { status_code: 1004, status_msg: 'x' } }), done]],
    ['by the want of success', [...words, event({ success: false, msg: 'x' }), done]],
    ['by a status in words', [...words, event({ status: 'error', reason: 'x' }), done]],
    ['by an error as text', [...words, event({ error: 'CUDA', error_type: 'generation' }), done]],
    ['by what FastAPI says', [...words, event({ detail: 'Internal Server Error' }), done]],
    ['by a list of errors', [...words, event([{ error: { code: 500, message: 'x' } }]), done]],
  ])('is never passed off as whole: %s', async (_name, parts) => {
    const { engine } = await saying(...parts);
    expect(await failure(collect(engine))).toMatchObject({ code: 'upstream_failed', retryable: true });
  });

  it.each([
    ['max_tokens', 'length'],
    ['MAX_TOKENS', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['repetition_detected', 'length'],
    ['incomplete', 'length'],
    ['unfinished', 'length'],
    ['SAFETY', 'content_filter'],
    ['ERROR_TOXIC', 'content_filter'],
    ['refusal', 'content_filter'],
    ['eos', 'stop'],
    ['end_turn', 'stop'],
    ['STOP', 'stop'],
    ['tool_calls', 'stop'],
  ])('or whole by %s says so: %s', async (finish_reason, reason) => {
    const { engine } = await saying(...words, chunk({}, { finish_reason }), done);
    expect((await collect(engine)).reason).toBe(reason);
  });
});

describe('text', () => {
  it('never comes in halves of characters', async () => {
    const { engine } = await saying(
      chunk({ reasoning: '\ud83c' }),
      chunk({ reasoning: '\udf0d' }),
      chunk({ content: 'a\ud83c' }),
      chunk({ content: '\udf0d\ud83e' }),
      stop,
      done,
    );
    const { content, pieces, reasoning } = await collect(engine);
    expect({ content, reasoning }).toEqual({ content: 'a🌍\ufffd', reasoning: '🌍' });
    for (const piece of pieces) expect(piece.content ?? '').not.toMatch(/\p{Surrogate}/u);
  });

  it('is whole beside its log probabilities too', async () => {
    const logprobs = { content: [{ token: '\ud83c', logprob: -1, top_logprobs: [{ token: '\ud83c', logprob: -1 }] }] };
    const { engine } = await saying(chunk({ content: 'a' }, { logprobs }), stop, done);
    expect(JSON.stringify((await collect(engine)).pieces)).not.toMatch(/\\ud83c/i);
  });

  it('of a caller reaches the server without half a character, which its tokenizer would fail at', async () => {
    const { engine, upstream } = await saying(...words, stop, done);
    const messages = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'cut 🌍\ud83c' }] }];
    expect(await collect(engine, { messages })).toMatchObject(WHOLE);
    expect(upstream.requests[0]?.body.messages?.[0]?.content).toBe('cut 🌍\ufffd');
  });

  it('of a model that is named after thinking and does not think is its answer', async () => {
    const model = 'fake/words-Thinking';
    const { engine, upstream } = await start({ model, raw: () => ({ parts: [...words, stop, done] }) });
    expect(await collect(engine)).toMatchObject(WHOLE);
    upstream.behave({ raw: () => ({ parts: [chunk({ content: 'hm</think>' }), ...words, stop, done] }) });
    expect(await collect(engine)).toMatchObject({ ...WHOLE, reasoning: 'hm' });
    upstream.behave({ raw: () => ({ parts: [...words, chunk({}, { finish_reason: 'length' }), done] }) });
    expect(await collect(engine)).toMatchObject({ content: '', reasoning: 'w0 w1 w2', reason: 'length' });
  });
});

describe('a body that is no event stream', () => {
  const whole = {
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: 'w0 w1 w2' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 3 },
  };
  const json = { 'content-type': 'application/json' };
  it.each<[string, RawAnswer]>([
    ['one object', { headers: json, parts: [JSON.stringify(whole)] }],
    ['one object over many lines', { headers: json, parts: [JSON.stringify(whole, null, 2)] }],
    ['one object that claims to be a stream', { parts: [JSON.stringify(whole)] }],
    [
      'a list of all chunks',
      { headers: json, parts: [`[${[...words, stop].map((text) => text.slice(6).trim()).join(',\n')}]`] },
    ],
    [
      'an object a line',
      { headers: json, parts: [...words, stop].map((text) => text.slice(6).trim()).map((text) => `${text}\n`) },
    ],
    [
      'compressed events',
      {
        headers: { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' },
        parts: [zlib.gzipSync([...words, stop, done].join(''))],
      },
    ],
  ])('is read all the same: %s', async (_name, answer) => {
    const { engine } = await start({ raw: () => answer });
    expect(await collect(engine)).toMatchObject(WHOLE);
  });

  it.each(['none', 'utf-8', 'chunked'])('is read where its Content-Encoding is none: %s', async (encoding) => {
    const headers = { 'content-type': 'text/event-stream', 'content-encoding': encoding };
    const { engine } = await start({ raw: () => ({ headers, parts: [...words, stop, done] }) });
    expect(await collect(engine)).toMatchObject(WHOLE);
  });

  it('is read in Zstandard where Node knows it, and refused clearly where not', async () => {
    const { zstdCompressSync } = zlib as { zstdCompressSync?: (text: string) => Uint8Array };
    const headers = { 'content-type': 'text/event-stream', 'content-encoding': 'zstd' };
    const text = [...words, stop, done].join('');
    const { engine } = await start({ raw: () => ({ headers, parts: [zstdCompressSync?.(text) ?? text] }) });
    if (zstdCompressSync) expect(await collect(engine)).toMatchObject(WHOLE);
    else expect((await failure(collect(engine))).message).toContain('compresses');
  });

  it.each<[string, RawAnswer, string]>([
    ['a redirect', { status: 307, headers: { location: '/elsewhere' }, parts: [] }, 'redirect'],
    ['a page', { headers: { 'content-type': 'text/html' }, parts: ['<html>no</html>'] }, 'ended in mid-answer'],
  ])('is refused clearly: %s', async (_name, answer, words_) => {
    const { engine } = await start({ raw: () => answer });
    const error = await failure(collect(engine));
    expect(error.code).toBe('upstream_failed');
    expect(error.message).toContain(words_);
  });

  it('is not ready where it redirects: a key would go to whoever is named there', async () => {
    const server = createServer((_request, response) => response.writeHead(308, { location: '/elsewhere' }).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(() => resolve())));
    const { port } = server.address() as AddressInfo;
    const engine = createOpenAiCompatibleEngine({
      id: 'openai',
      baseUrl: `http://127.0.0.1:${port}`,
      modelId: 'm',
      maxImagePixels: 1,
    });
    closing.unshift(() => engine.close());
    expect(await engine.readiness()).toMatchObject({ ready: false, error: expect.stringContaining('redirect') });
  });

  it('may be an error of the request', async () => {
    const error = { error: { code: 400, message: 'maximum context length is 8', type: 'exceed_context_size_error' } };
    const { engine } = await start({ raw: () => ({ headers: json, parts: [JSON.stringify(error)] }) });
    expect(await failure(collect(engine))).toMatchObject({ code: 'context_length_exceeded' });
  });
});

describe('an error in mid-answer', () => {
  it.each([429, 502, 503])('is the fault of a server that is there, whatever its code: %d', async (code) => {
    const { engine } = await saying(words[0]!, event({ error: { code, message: 'x' } }));
    expect(await failure(collect(engine))).toBeInstanceOf(EngineFault);
  });
});

describe('a fault before the first token', () => {
  it.each<[string, RawAnswer]>([
    ['a 500', { status: 500, parts: ['boom'] }],
    ['a 502 of a gateway', { status: 502, parts: ['<html>'] }],
    ['an error as the first event', { parts: [event({ error: { code: 500, message: 'x' } })] }],
    ['a stream that ends at once', { parts: [] }],
  ])('is tried again: %s', async (_name, first) => {
    const raw = (request: number) => (request === 0 ? first : { parts: [...words, stop, done] });
    const { engine, upstream } = await start({ raw });
    expect(await collect(engine)).toMatchObject(WHOLE);
    expect(upstream.requests).toHaveLength(2);
  });

  it('is passing where the server says that it is overloaded (529)', async () => {
    const { engine } = await start({ raw: () => ({ status: 529, parts: ['{"type":"error"}'] }) });
    expect(await failure(collect(engine))).toMatchObject({ code: 'model_not_ready', retryAfterSeconds: 5 });
  });

  it('is not tried again where the quota is used up', async () => {
    const body = JSON.stringify({ error: { code: 'insufficient_quota' } });
    const { engine, upstream } = await start({ raw: () => ({ status: 429, parts: [body] }) });
    expect(await failure(collect(engine))).toMatchObject({ code: 'upstream_failed' });
    expect(upstream.requests).toHaveLength(1);
  });

  it('is handed on after three tries', async () => {
    const { engine, upstream } = await start({ raw: () => ({ status: 500, parts: ['boom'] }) });
    expect(await failure(collect(engine))).toMatchObject({ code: 'upstream_failed' });
    expect(upstream.requests).toHaveLength(3);
  });
});

describe('what a server refuses', () => {
  const refusal = (message: string, rest: object = {}): RawAnswer => ({
    status: 400,
    parts: [JSON.stringify({ error: { message, ...rest } })],
  });
  it.each([
    ['Invalid tool_choice', 'tool_choice'],
    ['top_k must be at least 1', 'top_k'],
    ["'seed' is out of range", 'seed'],
    ['Unsupported value', 'temperature', { param: 'temperature' }],
    ['System message must be at the beginning.', 'messages'],
    ['Conversation roles must alternate user/assistant/user/assistant/...', 'messages'],
    ['Only user, assistant and tool roles are supported, got system', 'messages'],
    ['Expected last role User or Tool for serving but got assistant', 'messages'],
    ["Unexpected role 'user' after role 'tool'", 'messages'],
    ['Not the same number of function calls and responses', 'messages'],
    ['Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.', 'messages'],
    ['messages.0.content: Input should be a valid list', 'messages'],
    ['messages: text content blocks must be non-empty', 'messages'],
    ['cannot identify image file <_io.BytesIO object at 0x7f>', 'messages'],
    ['At most 1 image(s) may be provided in one request.', 'messages'],
    ["triggering Azure OpenAI's content management policy", 'messages', { code: 'content_filter', param: 'prompt' }],
    ['invalid temperature', 'temperature'],
    ['temperature is too large', 'temperature'],
    ['Seed value out of range', 'seed'],
    ['The stop parameter may contain at most 4 sequences', 'stop'],
    ['json: cannot unmarshal array into Go struct field ChatCompletionRequest.stop of type string', 'stop'],
    ["Invalid type for 'tools': expected array", 'tools'],
    ['* GenerateContentRequest.tools[0].function_declarations[0].name: Invalid function name.', 'tools'],
    ['Failed to parse grammar', 'response_format'],
    ['This model does not support JSON mode', 'response_format'],
    ['"deepseek-r1:1.5b" does not support thinking', 'reasoning_effort'],
  ])('is named: %s', async (message, param, rest: object = {}) => {
    const { engine } = await start({ raw: () => refusal(message, rest) });
    expect(await failure(collect(engine))).toMatchObject({ code: 'invalid_value', param });
  });

  it.each([
    'The input token count (5000) exceeds the maximum number of tokens allowed (4096).',
    '`inputs` tokens + `max_new_tokens` must be <= 4096',
    'Range of input length should be [1, 30720]',
    'input is too long for requested model',
    'Please reduce the length of the messages or completion.',
    'Trying to keep the first 5000 tokens when context the overflows.',
    'Input validation error: `inputs` must have less than 4095 tokens. Given: 5000',
    'Prompt contains 5000 tokens, too large for model with 4096 maximum',
  ])('may be the length of the messages: %s', async (message) => {
    const { engine } = await start({ raw: () => refusal(message) });
    expect(await failure(collect(engine))).toMatchObject({ code: 'context_length_exceeded' });
  });

  it('is the limit of tokens where that is named', async () => {
    const { engine } = await start({ raw: () => refusal('max_tokens (99999) exceeds the maximum allowed (4096)') });
    expect(await failure(collect(engine))).toMatchObject({ code: 'invalid_value', param: 'max_tokens' });
  });

  it.each([
    'Invalid max_tokens value, the valid range of max_tokens is [1, 8192]',
    'max_tokens is too large: 32000. This model supports at most 8192 completion tokens',
    '`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens`',
  ])('is asked for as much as it can where callers want no limit: %s', async (message) => {
    const raw = (_request: number, { max_tokens }: UpstreamBody) =>
      Number(max_tokens) > 8192 ? refusal(message, { code: 400 }) : { parts: [...words, stop, done] };
    const { engine, upstream } = await start({ raw });
    const sampling = { maxTokens: 32_000, temperature: 0.5 };
    for (let time = 0; time < 2; time++) expect(await collect(engine, { sampling })).toMatchObject(WHOLE);
    expect(upstream.requests.map(({ body }) => body.max_tokens)).toEqual([32_000, 8192, 8192]);
  });

  it.each([402, 405, 407, 409, 418, 451])('is not the request where the status is %d', async (status) => {
    const { engine, upstream } = await start({ raw: () => ({ status, parts: ['{"error":{"message":"no"}}'] }) });
    const error = await failure(collect(engine));
    expect(error).toMatchObject({ code: 'upstream_failed', message: expect.stringContaining(String(status)) });
    expect(upstream.requests).toHaveLength(1);
  });

  it('is named from a list of ours, and nothing of the rest is quoted', async () => {
    const { engine } = await start({ raw: () => refusal('the prompt "3201010101010000" and host-of-upstream') });
    const { message, param } = await failure(collect(engine));
    expect(param).toBeNull();
    expect(message).not.toMatch(/3201|host/);
  });

  it('in the order of roles is sent again with its system messages in one, and so from then on', async () => {
    const raw = (request: number) =>
      request === 0 ? refusal('System message must be at the beginning.') : { parts: [...words, stop, done] };
    const { engine, upstream } = await start({ raw });
    const text = (role: 'system' | 'user' | 'assistant', value: string) => ({
      role,
      content: [{ type: 'text' as const, text: value }],
    });
    const messages = [
      text('system', 'A'),
      text('user', 'B'),
      text('user', 'C'),
      text('assistant', 'D'),
      text('system', 'E'),
      text('user', 'F'),
    ];
    for (let time = 0; time < 2; time++) expect(await collect(engine, { messages })).toMatchObject(WHOLE);
    const merged = [
      { role: 'system', content: 'A\nE' },
      { role: 'user', content: 'B\nC' },
      { role: 'assistant', content: 'D' },
      { role: 'user', content: 'F' },
    ];
    expect(upstream.requests.map(({ body }) => body.messages)).toEqual([expect.anything(), merged, merged]);
  });

  it('as the system at all stands before what the user says, and so from then on', async () => {
    const raw = (_request: number, { messages }: UpstreamBody) =>
      messages?.[0]?.role === 'system'
        ? { status: 500, parts: ['{"error":"Only user and assistant roles are supported"}'] }
        : { parts: [...words, stop, done] };
    const { engine, upstream } = await start({ raw });
    const messages = (['system', 'user'] as const).map((role) => ({
      role,
      content: [{ type: 'text' as const, text: role }],
    }));
    for (let time = 0; time < 2; time++) expect(await collect(engine, { messages })).toMatchObject(WHOLE);
    const told = [{ role: 'user', content: 'system\nuser' }];
    expect(upstream.requests.slice(2).map(({ body }) => body.messages)).toEqual([told, told]);
  });

  it.each<[string, object, (body: UpstreamBody) => boolean, Partial<GenerationRequest>]>([
    [
      'the older name of the limit',
      { message: "'max_tokens' is not supported with this model. Use 'max_completion_tokens'.", param: 'max_tokens' },
      (body) => 'max_tokens' in body,
      {},
    ],
    [
      'a temperature that nobody asked for',
      { message: "'temperature' does not support 0.5 with this model.", param: 'temperature' },
      (body) => 'temperature' in body,
      { sampling: { maxTokens: 100, temperature: 0.5, assumed: ['temperature'] } },
    ],
    [
      'a seed that nobody asked for',
      { message: 'Unrecognized request argument supplied: `seed`' },
      (body) => 'seed' in body,
      { sampling: { maxTokens: 100, temperature: 0.5, seed: 1, assumed: ['seed'] } },
    ],
    [
      'what was thought in earlier turns',
      { message: "property 'messages.0.assistant.reasoning_content' is unsupported" },
      ({ messages }) => messages?.some((message) => 'reasoning_content' in message) === true,
      {
        messages: [
          { role: 'assistant', content: [{ type: 'text', text: 'a' }], reasoning: 'hm' },
          { role: 'user', content: [{ type: 'text', text: 'b' }] },
        ],
      },
    ],
  ])('is left out, and so from then on: %s', async (_name, error, isRefused, request) => {
    const raw = (_request: number, body: UpstreamBody) =>
      isRefused(body) ? { status: 400, parts: [JSON.stringify({ error })] } : { parts: [...words, stop, done] };
    const { engine, upstream } = await start({ raw });
    for (let time = 0; time < 2; time++) expect(await collect(engine, request)).toMatchObject(WHOLE);
    expect(upstream.requests).toHaveLength(3);
  });

  it('is told to who asked for it', async () => {
    const { engine } = await start({ raw: () => refusal('x', { param: 'temperature' }) });
    const sampling = { maxTokens: 100, temperature: 0.5, assumed: ['seed' as const] };
    expect(await failure(collect(engine, { sampling }))).toMatchObject({ param: 'temperature' });
  });

  it('may be stream_options', async () => {
    const raw = (request: number) =>
      request === 0 ? refusal('Unknown field stream_options') : { parts: [...words, stop, done] };
    const { engine, upstream } = await start({ raw });
    expect(await collect(engine)).toMatchObject(WHOLE);
    expect(upstream.requests[1]?.body.stream_options).toBeUndefined();
  });
});

describe('an answer that the caller began', () => {
  it('is gone on with in one message: servers refuse two of the assistant', async () => {
    const { engine, upstream } = await start({ kind: 'llamacpp' });
    const text = (role: 'user' | 'assistant', value: string) => ({
      role,
      content: [{ type: 'text' as const, text: value }],
    });
    await collect(engine, { messages: [text('user', 'Halo'), text('assistant', 'Selamat')], prefix: ' pagi' });
    expect(upstream.requests[0]?.body.messages).toEqual([
      { role: 'user', content: 'Halo' },
      { role: 'assistant', content: 'Selamat pagi' },
    ]);
  });
});
