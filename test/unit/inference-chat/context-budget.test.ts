import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { fitContext } from '../../../src/inference/chat/context-budget.ts';
import type { Engine, EngineMessage } from '../../../src/inference/engine.ts';

/** An engine as far as a budget asks it: 4 characters are a token. */
function engineOf(contextLength: number | null, { tokenizer = true } = {}): Engine {
  return {
    id: 'openai',
    kind: 'openai',
    modelId: 'model',
    maxImagePixels: null,
    capabilities: {
      vision: true,
      video: true,
      jsonSchema: true,
      continueFromPrefix: true,
      tools: true,
      logprobs: true,
    },
    contextLength: async () => contextLength,
    readiness: async () => ({ ready: true, error: null }),
    countTokens: async (text) => (tokenizer ? Math.ceil(text.length / 4) : null),
    generate: () => {
      throw new Error('a budget generates nothing');
    },
    close: async () => undefined,
  };
}

const text = (role: EngineMessage['role'], length: number): EngineMessage => ({
  role,
  content: [{ type: 'text', text: 'a'.repeat(length) }],
});

function fitInto(
  messages: readonly EngineMessage[],
  { environment = {}, asked, engine = engineOf(2048) }: { environment?: object; asked?: number; engine?: Engine } = {},
) {
  const config = readConfig({ ...environment });
  return fitContext({
    messages,
    mediaTokens: new Map(),
    toolTokens: 0,
    maxTokens: asked ?? config.MAX_TOKENS,
    maxTokensAsked: asked !== undefined,
    engine,
    config,
  });
}

describe('fitContext', () => {
  it('leaves a short conversation alone, and lets the answer have what is left', async () => {
    const messages = [text('system', 40), text('user', 40)];
    const fitted = await fitInto(messages);
    expect(fitted.messages).toEqual(messages);
    expect(fitted.report).toBeNull();
    expect(fitted.maxTokens).toBeGreaterThan(800);
    expect(fitted.maxTokens).toBeLessThanOrEqual(2048 - 256);
  });

  it('does nothing where no limit is known', async () => {
    const messages = [text('user', 1_000_000)];
    expect(await fitInto(messages, { engine: engineOf(null) })).toEqual({ messages, maxTokens: 4096, report: null });
  });

  it('drops the oldest turns, whole, and keeps system messages and the last user turn', async () => {
    const messages = [
      text('system', 40),
      text('user', 4000),
      text('assistant', 4000),
      text('user', 400),
      text('assistant', 400),
      text('user', 401),
    ];
    const fitted = await fitInto(messages, { asked: 500 });
    expect(fitted.messages).toEqual([messages[0], messages[3], messages[4], messages[5]]);
    expect(fitted.report).toMatchObject({ droppedTurns: 1, droppedMessages: 2, modelMaxContext: 2048 });
    expect(fitted.report?.promptTokens).toBeLessThanOrEqual(fitted.report?.maxPromptTokens ?? 0);
  });

  it('refuses instead where compression is off', async () => {
    const messages = [text('user', 8000), text('assistant', 8000), text('user', 40)];
    await expect(fitInto(messages, { environment: { ENABLE_AUTO_COMPRESSION: '0' } })).rejects.toMatchObject({
      code: 'context_length_exceeded',
      status: 400,
    });
  });

  it('refuses where the last turn alone is too long', async () => {
    await expect(fitInto([text('user', 8000)])).rejects.toMatchObject({ code: 'context_length_exceeded' });
  });

  it('takes a length that is asked for as a limit: clients ask for all of the context, and lose no turn for it', async () => {
    const messages = [text('user', 2000), text('assistant', 2000), text('user', 40)];
    for (const asked of [1700, 2048, 1_000_000]) {
      const fitted = await fitInto(messages, { asked });
      expect(fitted.messages).toEqual(messages);
      expect(fitted.report).toBeNull();
      expect(fitted.maxTokens).toBeLessThanOrEqual(2048 - 256 - 1010);
      expect(fitted.maxTokens).toBeGreaterThan(600);
    }
    expect((await fitInto(messages, { asked: 50 })).maxTokens).toBe(50);
  });

  it('shortens an answer whose length nobody asked for', async () => {
    const fitted = await fitInto([text('user', 4 * 1500)]);
    expect(fitted.maxTokens).toBeLessThan(2048 - 256 - 1500);
    expect(fitted.maxTokens).toBeGreaterThanOrEqual(64);
  });

  it('takes CONTEXT_MAX_TOKENS_AUTO for a limit of its own', async () => {
    const messages = [text('user', 4000), text('assistant', 4000), text('user', 40)];
    const fitted = await fitInto(messages, {
      engine: engineOf(100_000),
      environment: { CONTEXT_MAX_TOKENS_AUTO: '1024' },
    });
    expect(fitted.messages).toEqual([messages[2]]);
  });

  it('estimates where the engine has no tokenizer, and says so', async () => {
    const messages = [text('user', 4000), text('assistant', 4000), text('user', 40)];
    const fitted = await fitInto(messages, { engine: engineOf(2048, { tokenizer: false }) });
    expect(fitted.report).toMatchObject({ estimated: true, droppedTurns: 1 });
  });

  it('always fits or refuses, and only ever drops from the oldest end', async () => {
    const role = fc.constantFrom('system' as const, 'user' as const, 'assistant' as const, 'tool' as const);
    const conversation = fc.array(fc.tuple(role, fc.nat({ max: 4000 })), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(conversation, fc.option(fc.integer({ min: 1, max: 1500 })), async (entries, asked) => {
        const messages = entries.map(([of, length]) => text(of, length));
        const fitted = await fitInto(messages, asked === null ? {} : { asked }).catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'context_length_exceeded' });
          return null;
        });
        if (!fitted) return;
        const others = messages.filter((message) => message.role !== 'system');
        const kept = fitted.messages.filter((message) => message.role !== 'system');
        expect(fitted.messages.length - kept.length).toBe(messages.length - others.length);
        expect(kept).toEqual(others.slice(others.length - kept.length));
        const tokens = fitted.messages.reduce((sum, { content }) => {
          const [part] = content;
          return sum + (part?.type === 'text' ? Math.ceil(part.text.length / 4) : 0);
        }, 0);
        expect(tokens + fitted.maxTokens).toBeLessThanOrEqual(2048);
        expect(fitted.maxTokens).toBeGreaterThan(0);
      }),
    );
  });
});
