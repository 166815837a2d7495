import { afterEach, describe, expect, it } from 'vitest';
import { parseChatRequest } from '../../src/chat/request.ts';
import { readConfig } from '../../src/config.ts';
import { generateChecked } from '../../src/inference/chat/generate-checked.ts';
import { prepareGeneration } from '../../src/inference/chat/prepare-generation.ts';
import { createOpenAiCompatibleEngine } from '../../src/inference/openai-compatible/openai-compatible-engine.ts';
import { startUpstream, type Upstream, type UpstreamBehaviour } from '../support/upstream.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const signal = new AbortController().signal;

/** What a server of that kind gets for a body of ours, as the API would take it. */
async function sent(kind: UpstreamBehaviour['kind'], body: object, behaviour: Partial<UpstreamBehaviour> = {}) {
  const upstream: Upstream = await startUpstream({ kind, ...behaviour });
  const engine = createOpenAiCompatibleEngine({
    id: 'openai',
    baseUrl: upstream.url,
    modelId: 'Qwen/Qwen3-VL-2B-Instruct',
    maxImagePixels: 1,
  });
  closing.push(
    () => engine.close(),
    () => upstream.close(),
  );
  const request = parseChatRequest({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...body });
  const prepared = await prepareGeneration(request, engine, { config: readConfig({}), signal });
  let content = '';
  for await (const part of generateChecked(engine, prepared, { signal })) {
    if (part.type === 'piece') content += part.piece.content ?? '';
  }
  return { body: upstream.requests.at(-1)?.body ?? {}, content, requests: upstream.requests };
}

describe('settings that callers of model servers know', () => {
  const settings = {
    parallel_tool_calls: false,
    min_p: 0.1,
    logit_bias: { '42': -100 },
    reasoning_effort: 'low',
    verbosity: 'low',
    ignore_eos: true,
    stop_token_ids: [1],
    mirostat: 2,
    xtc_probability: 0.5,
    dry_multiplier: 0.8,
    thinking_budget: 64,
    repeat_last_n: 64,
  };

  it.each(['vllm', 'sglang', 'llamacpp', 'ollama', 'generic'] as const)('reach the engine (%s)', async (kind) => {
    expect((await sent(kind, settings)).body).toMatchObject(settings);
  });

  it.each<[UpstreamBehaviour['kind'], object]>([
    ['vllm', { chat_template_kwargs: { enable_thinking: false } }],
    ['llamacpp', { chat_template_kwargs: { enable_thinking: false } }],
    ['ollama', { reasoning_effort: 'none' }],
  ])('switch thinking off by the name that the engine has for it (%s)', async (kind, expected) => {
    for (const off of [
      { enable_thinking: false },
      { chat_template_kwargs: { enable_thinking: false } },
      { thinking: { type: 'disabled' } },
      { think: false },
      { reasoning: { enabled: false } },
    ]) {
      expect((await sent(kind, off)).body).toMatchObject(expected);
    }
  });

  it.each(['vllm', 'ollama'] as const)('say how much to think in one way (%s)', async (kind) => {
    for (const low of [{ reasoning: { effort: 'low' } }, { think: 'low' }]) {
      expect((await sent(kind, low)).body).toMatchObject({ reasoning_effort: 'low' });
    }
  });

  it('have one name here', async () => {
    expect((await sent('vllm', { repeat_penalty: 1.2 })).body).toMatchObject({ repetition_penalty: 1.2 });
    expect((await sent('llamacpp', { repetition_penalty: 1.2 })).body).toMatchObject({ repeat_penalty: 1.2 });
  });

  it('do not make a seed that JavaScript cannot write', async () => {
    const first = (await sent('vllm', { seed: 2 ** 63 - 1 })).body.seed;
    expect(Number.isSafeInteger(first)).toBe(true);
    expect((await sent('vllm', { seed: 2 ** 63 - 1 })).body.seed).toBe(first);
    expect((await sent('vllm', { seed: -1 })).body.seed).toBe(-1);
  });
});

describe('constraints that are no JSON schema', () => {
  it.each<[UpstreamBehaviour['kind'], object, object]>([
    ['vllm', { structured_outputs: { regex: 'a+' } }, { structured_outputs: { regex: 'a+' } }],
    ['vllm', { guided_choice: ['a', 'b'] }, { guided_choice: ['a', 'b'] }],
    ['sglang', { structured_outputs: { choice: ['a.b', 'c'] } }, { regex: 'a\\.b|c' }],
    ['llamacpp', { grammar: 'root ::= "a"' }, { grammar: 'root ::= "a"' }],
    ['llamacpp', { guided_choice: ['a', 'b"'] }, { grammar: 'root ::= "a" | "b\\""' }],
  ])('reach an engine that knows them (%s)', async (kind, body, expected) => {
    expect((await sent(kind, body)).body).toMatchObject(expected);
  });

  it.each<[UpstreamBehaviour['kind'], object, string]>([
    ['ollama', { guided_regex: 'a+' }, 'guided_regex'],
    ['generic', { structured_outputs: { choice: ['a'] } }, 'structured_outputs.choice'],
    ['llamacpp', { structured_outputs: { regex: 'a' } }, 'structured_outputs.regex'],
  ])('are refused where they would be lost (%s)', async (kind, body, param) => {
    await expect(sent(kind, body)).rejects.toMatchObject({ code: 'unsupported', status: 400, param });
  });
});

describe('a format of a server of unknown kind', () => {
  const response_format = {
    type: 'json_schema',
    json_schema: { name: 's', schema: { type: 'object', required: ['a'] } },
  };
  const tokens = ['{"a"', ':1}'];

  it('is tried', async () => {
    const { body, content } = await sent('generic', { response_format }, { tokens });
    expect(content).toBe('{"a":1}');
    expect(body.response_format).toMatchObject(response_format);
  });

  it.each(["'response_format.type' must be text", 'Bad request'])(
    'is told in words where it is refused: %s',
    async (message) => {
      const fail = { status: 400, times: 1, body: JSON.stringify({ error: { message } }) };
      const { content, requests } = await sent('generic', { response_format }, { tokens, fail });
      expect(content).toBe('{"a":1}');
      expect(requests).toHaveLength(2);
      expect(requests[1]?.body.response_format).toBeUndefined();
      expect(JSON.stringify(requests[1]?.body.messages)).toContain('JSON schema');
    },
  );
});

describe('reasoning of earlier turns', () => {
  it.each(['vllm', 'sglang', 'llamacpp', 'ollama', 'generic'] as const)('reaches the engine (%s)', async (kind) => {
    const tool_calls = [{ id: 'c1', type: 'function', function: { name: 'find', arguments: '{}' } }];
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: null, tool_calls, reasoning: 'hm', reasoning_content: 'hm' },
      { role: 'tool', tool_call_id: 'c1', content: '1' },
    ];
    // An answer of nothing but calls: older versions of Ollama refuse null, others want it.
    const content = kind === 'ollama' ? '' : null;
    const asked = (await sent(kind, { messages })).body.messages?.[1];
    expect(asked).toMatchObject({ content, reasoning_content: 'hm', tool_calls });
  });
});
