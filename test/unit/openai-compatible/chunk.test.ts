import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineFault } from '../../../src/inference/engine-fault.ts';
import { AnswerReader } from '../../../src/inference/openai-compatible/answer.ts';
import { UpstreamFailure } from '../../../src/inference/openai-compatible/upstream-failure.ts';

const anything = fc.jsonValue({ maxDepth: 3 });
const field = (value: fc.Arbitrary<unknown>) => fc.oneof({ weight: 2, arbitrary: value }, anything);
const called = fc.record({ name: field(fc.string()), arguments: field(fc.string()) }, { requiredKeys: [] });
const call = fc.record(
  { index: field(fc.nat(3)), id: field(fc.string()), function: field(called) },
  { requiredKeys: [] },
);
const delta = fc.record(
  {
    content: field(fc.string()),
    reasoning: field(fc.string()),
    tool_calls: field(fc.array(call, { maxLength: 3 })),
    function_call: field(called),
  },
  { requiredKeys: [] },
);
const choice = fc.record(
  {
    index: field(fc.nat(1)),
    delta: field(delta),
    message: field(delta),
    finish_reason: field(fc.string()),
    logprobs: anything,
  },
  { requiredKeys: [] },
);
const chunk = fc.record(
  { choices: field(fc.array(choice, { maxLength: 2 })), usage: anything, error: anything, object: anything },
  { requiredKeys: [] },
);

describe('any chunk of any server', () => {
  it('is read, or is a fault of the engine, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(field(chunk), { maxLength: 6 }), (chunks) => {
        const reader = new AnswerReader({ engineId: 'openai', continuation: null, startsThinking: false });
        try {
          const pieces = chunks.flatMap((each) => reader.read(JSON.stringify(each)));
          pieces.push(...reader.done());
          for (const { content, reasoning, toolCalls } of pieces) {
            expect(`${content ?? ''}${reasoning ?? ''}`).not.toMatch(/\p{Surrogate}/u);
            for (const each of toolCalls ?? []) expect(typeof (each.function?.arguments ?? '')).toBe('string');
          }
          reader.end();
        } catch (error) {
          if (!(error instanceof EngineFault || error instanceof UpstreamFailure)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});
