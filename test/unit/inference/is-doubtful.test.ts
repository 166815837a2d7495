import { describe, expect, it } from 'vitest';
import { isDoubtful } from '../../../src/inference/ppocr/is-doubtful.ts';

const CHARACTERS = ['', 'A', 'B', '.', ':'];

/** Steps of [blank, A, B, ., :]. */
const line = (...steps: readonly (readonly number[])[]) => ({
  characters: CHARACTERS,
  steps: steps.length,
  probabilities: Float32Array.from(steps.flatMap((step) => CHARACTERS.map((_, column) => step[column] ?? 0))),
});
const BLANK = [1];

describe('a line that the quick recogniser has read', () => {
  it('is clear where each letter is, though its probability runs out over steps', () => {
    expect(isDoubtful(line(BLANK, [0.4, 0.6, 0, 0], [0, 1, 0, 0], [0.7, 0.3, 0, 0], BLANK, [0, 0, 1, 0]))).toBe(false);
  });

  it('is doubtful where a letter may be another, the last one too', () => {
    expect(isDoubtful(line([0, 0.7, 0, 0], BLANK, [0, 0, 1, 0]))).toBe(true);
    expect(isDoubtful(line([0, 1, 0, 0], BLANK, [0, 0, 0.7, 0]))).toBe(true);
  });

  it('is doubtful where a dot was nearly read', () => {
    expect(isDoubtful(line([0, 1, 0, 0], BLANK, [0.8, 0, 0, 0.2], BLANK, [0, 0, 1, 0]))).toBe(true);
  });

  it('is doubtful where two letters may be of one word or of two', () => {
    const spaced = { characters: ['', 'A', ' '], steps: 3 };
    const of = (...shares: number[]) => ({ ...spaced, probabilities: Float32Array.from(shares) });
    expect(isDoubtful(of(0, 1, 0, 0.8, 0, 0.2, 0, 1, 0))).toBe(true);
    expect(isDoubtful(of(0, 1, 0, 0.2, 0, 0.8, 0, 1, 0))).toBe(true);
    expect(isDoubtful(of(0, 1, 0, 1, 0, 0, 0, 1, 0))).toBe(false);
    expect(isDoubtful(of(0, 1, 0, 0, 0, 1, 0, 1, 0))).toBe(false);
  });

  it('is clear where only the gap before a colon is not sure: every fourth doubtful line was one', () => {
    const spaced = { characters: ['', 'A', ' ', ':'], steps: 4 };
    const of = (mark: readonly number[]) => ({
      ...spaced,
      probabilities: Float32Array.from([0, 1, 0, 0, 0.5, 0, 0.5, 0, ...mark, 0, 1, 0, 0]),
    });
    expect(isDoubtful(of([0, 0, 0, 1]))).toBe(false);
    expect(isDoubtful(of([0, 1, 0, 0]))).toBe(true);
  });

  it('is clear where only a colon before the value is not sure: most cards would be read twice', () => {
    expect(isDoubtful(line([0.5, 0, 0, 0, 0.5], [0.4, 0, 0, 0, 0.6], BLANK, [0, 1]))).toBe(false);
  });

  it('is clear where only the gap between a comma and the date behind it is not sure: nobody asks for it', () => {
    const spaced = { characters: ['', ',', ' ', '2', 'A'], steps: 3 };
    const of = (...last: readonly number[]) => ({
      ...spaced,
      probabilities: Float32Array.from([0, 1, 0, 0, 0, 0.5, 0, 0.5, 0, 0, ...last]),
    });
    expect(isDoubtful(of(0, 0, 0, 1, 0))).toBe(false);
    expect(isDoubtful(of(0, 0, 0, 0, 1))).toBe(true);
  });
});
