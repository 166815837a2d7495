import { afterEach, describe, expect, it } from 'vitest';
import { generateChecked } from '../../src/inference/chat/generate-checked.ts';
import type { Engine, GenerationPart, GenerationRequest } from '../../src/inference/engine.ts';
import { createOpenAiCompatibleEngine } from '../../src/inference/openai-compatible/openai-compatible-engine.ts';
import { startUpstream, type Upstream, type UpstreamBehaviour } from '../support/upstream.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(behaviour: Partial<UpstreamBehaviour>): Promise<{ upstream: Upstream; engine: Engine }> {
  const upstream = await startUpstream(behaviour);
  const modelId = 'Qwen/Qwen3-VL-2B-Instruct';
  const engine = createOpenAiCompatibleEngine({ id: 'openai', baseUrl: upstream.url, modelId, maxImagePixels: 1 });
  closing.push(
    () => engine.close(),
    () => upstream.close(),
  );
  return { upstream, engine };
}

/** Answers in the order in which they are asked for, the last one again and again. */
function answers(...texts: readonly string[]): Pick<UpstreamBehaviour, 'tokens'> {
  let asked = 0;
  return { tokens: () => (texts[Math.min(asked++, texts.length - 1)] ?? '').match(/[\s\S]{1,3}/g) ?? [] };
}

const SCHEMA = { type: 'object', properties: { nama: { type: 'string' } }, required: ['nama'] };

async function collect(
  engine: Engine,
  changes: Partial<GenerationRequest> = {},
  signal = new AbortController().signal,
) {
  const request: GenerationRequest = {
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Siapa?' }] }],
    sampling: { maxTokens: 100, temperature: 0.7 },
    responseFormat: { type: 'json_schema', name: 'orang', schema: SCHEMA },
    ...changes,
  };
  const parts: GenerationPart[] = [];
  for await (const part of generateChecked(engine, request, { signal })) parts.push(part);
  const pieces = parts.flatMap((part) => (part.type === 'piece' ? [part.piece] : []));
  const finish = parts.at(-1);
  return { pieces, content: pieces.map(({ content }) => content ?? '').join(''), finish };
}

describe('an engine that does not enforce a schema', () => {
  it('is told the schema, and its valid answer comes in one piece', async () => {
    const { engine, upstream } = await start({ kind: 'generic', ...answers('{"nama": "Siti"}') });
    const { pieces, finish } = await collect(engine);
    expect(pieces).toEqual([{ content: '{"nama": "Siti"}' }]);
    expect(finish).toMatchObject({ type: 'finish', reason: 'stop' });
    const [body] = upstream.requests.map((request) => request.body);
    expect(body?.response_format).toMatchObject({ type: 'json_schema' });
    expect(JSON.stringify(body?.messages?.[0])).toContain('JSON schema');
  });

  it('keeps its reasoning and its log probabilities', async () => {
    const behaviour = { kind: 'generic', reasoning: ['Hm', 'm'], logprobs: true } as const;
    const { engine } = await start({ ...behaviour, ...answers('{"nama":"S"}') });
    const { pieces } = await collect(engine);
    expect(pieces.map((piece) => Object.keys(piece))).toEqual([['reasoning'], ['content', 'logprobs']]);
    expect(pieces[1]?.logprobs?.map(({ token }) => token).join('')).toBe('{"nama":"S"}');
  });

  it('has its answer repaired', async () => {
    const { engine, upstream } = await start({ kind: 'generic', ...answers("Ini:\n```json\n{nama: 'Siti',}\n```") });
    expect(JSON.parse((await collect(engine)).content)).toEqual({ nama: 'Siti' });
    expect(upstream.requests).toHaveLength(1);
  });

  it('is asked again with what was wrong, at another temperature, and all tries are counted', async () => {
    const { engine, upstream } = await start({ kind: 'generic', ...answers('{"name": 1}', 'no', '{"nama": "Siti"}') });
    const { content, finish } = await collect(engine);
    expect(content).toBe('{"nama": "Siti"}');
    const bodies = upstream.requests.map((request) => request.body);
    expect(bodies.map((body) => body.temperature)).toEqual([0.7, 0.2, 0.6]);
    expect(JSON.stringify(bodies[1]?.messages)).toContain("must have required property 'nama'");
    expect(JSON.stringify(bodies[2]?.messages)).toContain('it is not JSON');
    // 4 + 1 + 6 tokens.
    expect(finish).toMatchObject({ usage: { completionTokens: 11 } });
  });

  it('is given up after two more tries, without a word of what it said', async () => {
    const { engine, upstream } = await start({ kind: 'generic', ...answers('{"rahasia": "12345"}') });
    await expect(collect(engine)).rejects.toMatchObject({
      code: 'schema_not_satisfied',
      retryable: false,
      message: expect.not.stringMatching(/rahasia|12345/),
    });
    expect(upstream.requests).toHaveLength(3);
  });

  it('may be cut off: that is said, not repaired', async () => {
    const { engine, upstream } = await start({ kind: 'generic', finishReason: 'length', ...answers('{"nama": "Si') });
    expect(await collect(engine)).toMatchObject({ content: '{"nama": "Si', finish: { reason: 'length' } });
    expect(upstream.requests).toHaveLength(1);
  });

  it('makes an object for json_object', async () => {
    const { engine } = await start({ kind: 'generic', ...answers('[1]', '{"a": 1}') });
    expect((await collect(engine, { responseFormat: { type: 'json_object' } })).content).toBe('{"a": 1}');
  });

  it('stops asking on abort', async () => {
    const { engine, upstream } = await start({ kind: 'generic', hangAfter: 1, ...answers('{"nama": "Siti"}') });
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('cancelled by the test')), 200);
    await expect(collect(engine, {}, controller.signal)).rejects.toThrow('cancelled by the test');
    await expect.poll(() => upstream.requests[0]?.closedAt).not.toBeNull();
  });
});

describe('an engine that enforces a schema', () => {
  it('gets it, and streams as it generates', async () => {
    const { engine, upstream } = await start({ kind: 'vllm', ...answers('{"nama": "Siti"}') });
    const { pieces, content } = await collect(engine);
    expect(content).toBe('{"nama": "Siti"}');
    expect(pieces.length).toBeGreaterThan(3);
    expect(upstream.requests[0]?.body.response_format).toEqual({
      type: 'json_schema',
      json_schema: { name: 'orang', schema: SCHEMA, strict: true },
    });
  });

  it('is checked all the same', async () => {
    const { engine } = await start({ kind: 'vllm', ...answers('{"name": "Siti"}') });
    await expect(collect(engine)).rejects.toMatchObject({ code: 'schema_not_satisfied' });
    const cut = await start({ kind: 'vllm', finishReason: 'length', ...answers('{"nam') });
    expect((await collect(cut.engine)).finish).toMatchObject({ reason: 'length' });
  });
});

describe('any engine', () => {
  it('is left alone for text', async () => {
    const { engine } = await start({ kind: 'generic', ...answers('halo') });
    expect((await collect(engine, { responseFormat: { type: 'text' } })).pieces).toHaveLength(2);
  });

  it('is not asked with a schema that is none', async () => {
    const { engine, upstream } = await start({ kind: 'vllm' });
    const responseFormat = { type: 'json_schema', name: 'x', schema: { type: 'nothing' } } as const;
    await expect(collect(engine, { responseFormat })).rejects.toMatchObject({ code: 'invalid_value', status: 400 });
    expect(upstream.requests).toHaveLength(0);
  });
});
