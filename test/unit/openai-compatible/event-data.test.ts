import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerReader } from '../../../src/inference/openai-compatible/answer.ts';
import { isDone } from '../../../src/inference/openai-compatible/chunk.ts';
import { readEventData } from '../../../src/inference/openai-compatible/event-data.ts';
import { DEFAULT_TIMEOUTS } from '../../../src/inference/openai-compatible/options.ts';
import { StreamWatch } from '../../../src/inference/openai-compatible/stream-watch.ts';

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (let index = 0; from < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1;
    yield bytes.subarray(from, from + size);
    from += size;
  }
}

async function readAnswer(bytes: Uint8Array, sizes: readonly number[]) {
  const reader = new AnswerReader({ engineId: 'openai', continuation: null, startsThinking: false });
  const pieces = [];
  for await (const data of readEventData(cut(bytes, sizes), new StreamWatch(DEFAULT_TIMEOUTS))) {
    pieces.push(...(isDone(data) ? reader.done() : reader.read(data)));
  }
  return { content: pieces.map(({ content }) => content ?? '').join(''), reason: reader.end().reason };
}

const tokens = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), { maxLength: 20 });
const lineEnd = fc.constantFrom('\n', '\r\n', '\r');

describe('an answer over SSE', () => {
  it('is the same text however its bytes are cut, with comments in between and any kind of line end', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(tokens, sizes, lineEnd, async (texts, borders, end) => {
        const whole = texts.join('');
        // A leading <think> is another test's subject.
        fc.pre(!'<think>'.startsWith(whole.trimStart()) && !whole.trimStart().startsWith('<think>'));
        const chunk = (delta: object, finish: string | null) =>
          `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}${end}${end}`;
        const body = [
          ...texts.map((content) => `: keep-alive${end}${end}${chunk({ content }, null)}`),
          chunk({}, 'stop'),
          `data: [DONE]${end}${end}`,
        ];
        expect(await readAnswer(Buffer.from(body.join('')), borders)).toEqual({ content: whole, reason: 'stop' });
      }),
    );
  });

  it('is an error where an event has no end', async () => {
    const endless = Buffer.concat([Buffer.from('data: '), Buffer.alloc(5 * 1024 * 1024, 'a')]);
    await expect(readAnswer(endless, [65_536])).rejects.toMatchObject({ code: 'upstream_failed' });
  });

  it('is an error where it ends in mid-answer, or is none', async () => {
    for (const body of ['data: <html>\n\n', '<html>', '', 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n']) {
      await expect(readAnswer(Buffer.from(body), [100])).rejects.toMatchObject({ error: { code: 'upstream_failed' } });
    }
    await expect(readAnswer(Buffer.from('data: {"choices\n\n'), [100])).rejects.toMatchObject({
      code: 'upstream_failed',
    });
  });
});
