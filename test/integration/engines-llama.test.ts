import { afterAll, describe, expect, it } from 'vitest';
import { generateChecked } from '../../src/inference/chat/generate-checked.ts';
import type { GenerationPart, GenerationRequest } from '../../src/inference/engine.ts';
import { createOpenAiCompatibleEngine } from '../../src/inference/openai-compatible/openai-compatible-engine.ts';

/**
 * Against a real llama.cpp server with a small model (LLAMA_BASE_URL, LLAMA_MODEL): llama-server, or
 * `python -m llama_cpp.server --model FILE --port N`.
 */
const baseUrl = process.env.LLAMA_BASE_URL;
if (!baseUrl) console.log('engines-llama: skipped, LLAMA_BASE_URL is not set');

describe.skipIf(!baseUrl)('a real llama.cpp server', () => {
  const engine = createOpenAiCompatibleEngine({
    id: 'openai',
    baseUrl: baseUrl ?? '',
    modelId: process.env.LLAMA_MODEL ?? 'model',
    maxImagePixels: 65_536,
  });
  afterAll(() => engine.close());

  async function ask(content: string, changes: Partial<GenerationRequest> = {}) {
    const request: GenerationRequest = {
      messages: [{ role: 'user', content: [{ type: 'text', text: content }] }],
      sampling: { maxTokens: 24, temperature: 0, seed: 1 },
      responseFormat: { type: 'text' },
      ...changes,
    };
    const parts: GenerationPart[] = [];
    const signal = new AbortController().signal;
    for await (const part of generateChecked(engine, request, { signal })) parts.push(part);
    const text = parts.map((part) => (part.type === 'piece' ? (part.piece.content ?? '') : '')).join('');
    return { parts, text, finish: parts.at(-1) };
  }

  it('is ready, and counts tokens by its own tokenizer', { timeout: 120_000 }, async () => {
    expect(await engine.readiness()).toEqual({ ready: true, error: null });
    expect(await engine.countTokens('The capital of Indonesia is Jakarta.')).toBeGreaterThan(4);
  });

  it('streams an answer token by token, and ends it with a reason', { timeout: 240_000 }, async () => {
    const { parts, text, finish } = await ask('Say hello.');
    expect(parts.length).toBeGreaterThan(3);
    expect(text.trim()).not.toBe('');
    expect(finish).toMatchObject({ type: 'finish', reason: expect.stringMatching(/stop|length/) });
  });

  it('goes on from a prefix where it can', { timeout: 240_000 }, async ({ skip }) => {
    await engine.readiness();
    if (!engine.capabilities.continueFromPrefix) skip('this server cannot');
    const { text } = await ask('Count from one to ten in words.');
    const prefix = text.slice(0, text.length / 2);
    const rest = await ask('Count from one to ten in words.', { prefix });
    expect((prefix + rest.text).startsWith(text)).toBe(true);
  });

  it('stops when it is aborted', { timeout: 240_000 }, async () => {
    const controller = new AbortController();
    const run = engine.generate(
      {
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Tell a long story.' }] }],
        sampling: { maxTokens: 400, temperature: 0.7 },
        responseFormat: { type: 'text' },
      },
      { signal: controller.signal },
    );
    let pieces = 0;
    await expect(async () => {
      for await (const _part of run) if (++pieces === 3) controller.abort(new Error('enough'));
    }).rejects.toThrow('enough');
    expect(pieces).toBeLessThan(6);
    // The server is free again: the next answer does not wait for a story.
    expect((await ask('Say hello.')).text).not.toBe('');
  });
});
