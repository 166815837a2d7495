import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ThinkSplitter } from '../../../src/inference/openai-compatible/think-splitter.ts';

function split(chunks: readonly string[], options: { opened?: boolean } = {}) {
  const splitter = new ThinkSplitter(options);
  const segments = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
  const join = (kind: string) =>
    segments
      .filter((segment) => segment.kind === kind)
      .map(({ text }) => text)
      .join('');
  return { reasoning: join('reasoning'), content: join('content'), segments };
}

/** Cuts a text at any points. */
function cutAt(text: string, points: readonly number[]): string[] {
  const sorted = [...new Set(points.map((point) => point % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted].map((from, index) => text.slice(from, sorted[index] ?? text.length));
}

const cuts = fc.array(fc.nat(), { maxLength: 30 });
/** Text made of what tags are made of. */
const nearTags = fc
  .array(fc.constantFrom('<', '/', 'think', '>', '<think', '</thin', '\n', ' ', 'a', 'é', '🙂'), { maxLength: 20 })
  .map((parts) => parts.join(''));

describe('ThinkSplitter', () => {
  it('tells reasoning from the answer, wherever chunks are cut', () => {
    fc.assert(
      fc.property(nearTags, nearTags, cuts, (reasoning, answer, points) => {
        fc.pre(!reasoning.includes('</think>') && !reasoning.startsWith('\n'));
        fc.pre(!`${reasoning}</think>`.slice(0, -8).includes('</think>'));
        const text = `<think>${reasoning}</think>${answer}`;
        const end = text.indexOf('</think>');
        const result = split(cutAt(text, points));
        expect(result.reasoning).toBe(text.slice('<think>'.length, end));
        expect(result.content).toBe(text.slice(end + '</think>'.length).trimStart());
      }),
    );
  });

  it('gives the same segments for every way of cutting', () => {
    fc.assert(
      fc.property(nearTags, cuts, fc.boolean(), (text, points, opened) => {
        const whole = split([text], { opened });
        const cut = split(cutAt(text, points), { opened });
        expect({ reasoning: cut.reasoning, content: cut.content }).toEqual({
          reasoning: whole.reasoning,
          content: whole.content,
        });
      }),
    );
  });

  it('leaves an answer without a leading tag as it is', () => {
    fc.assert(
      fc.property(nearTags, cuts, (text, points) => {
        fc.pre(!text.trimStart().startsWith('<think>'));
        expect(split(cutAt(text, points))).toMatchObject({ content: text, reasoning: '' });
      }),
    );
  });

  it('takes a text for reasoning from the start where the prompt opened the block', () => {
    expect(split(['ab', 'c</th', 'ink>\n\nanswer'], { opened: true })).toMatchObject({
      reasoning: 'abc',
      content: 'answer',
    });
  });

  it('does not take the beginning of the block for a thought where the prompt had opened it already', () => {
    expect(split(['<thi', 'nk>abc</think>answer'], { opened: true })).toMatchObject({
      reasoning: 'abc',
      content: 'answer',
    });
  });

  it.each(['<thinking>hm</thinking>a', '[THINK]hm[/THINK]a', '◁think▷hm◁/think▷a', '<seed:think>hm</seed:think>a'])(
    'knows the tags of other models: %s',
    (text) => {
      expect(split([...text])).toMatchObject({ reasoning: 'hm', content: 'a' });
    },
  );

  it('does not lose the beginning of a tag that never ends', () => {
    expect(split(['<thi'])).toMatchObject({ content: '<thi' });
    expect(split(['<think>abc</thi'])).toMatchObject({ reasoning: 'abc</thi', content: '' });
  });

  it('holds back no more than the beginning of a tag', () => {
    const splitter = new ThinkSplitter();
    splitter.push('<think>');
    expect(splitter.push('one two <')).toEqual([{ kind: 'reasoning', text: 'one two ' }]);
    expect(splitter.push('b')).toEqual([{ kind: 'reasoning', text: '<b' }]);
  });
});
