import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEmissions } from '../../../src/text-lines/ctc.ts';
import type { Emissions } from '../../../src/text-lines/text-line.ts';

const COLUMNS = ['', 'A', 'O', '0', ' '];

/** Emissions whose best column at each step is given; the rest of the probability goes to `second`. */
function emissions(best: string, probability = 0.9, second = ''): Emissions {
  const probabilities = new Float32Array(best.length * COLUMNS.length);
  for (const [step, character] of [...best].entries()) {
    const column = (text: string): number => step * COLUMNS.length + COLUMNS.indexOf(text === '_' ? '' : text);
    probabilities[column(second)] = 1 - probability;
    probabilities[column(character)] = probability;
  }
  return { characters: COLUMNS, steps: best.length, probabilities };
}

describe('decodeEmissions', () => {
  it('merges repeats, drops blanks and keeps doubled letters apart', () => {
    expect(decodeEmissions(emissions('_AA_A__OO_')).text).toBe('AAO');
    expect(decodeEmissions(emissions('A _O')).text).toBe('A O');
  });

  it('answers places and confidences', () => {
    const { characters, confidence } = decodeEmissions(emissions('_A_O'));
    expect(characters.map(({ position }) => position)).toEqual([0.375, 0.875]);
    expect(confidence).toBeCloseTo(0.9);
  });

  it('reads nothing from nothing', () => {
    expect(decodeEmissions(emissions('____'))).toEqual({ text: '', confidence: 0, characters: [] });
    expect(decodeEmissions({ characters: COLUMNS, steps: 0, probabilities: new Float32Array() }).text).toBe('');
  });

  it('takes the best allowed character under an alphabet', () => {
    const read = decodeEmissions(emissions('_O_', 0.7, '0'), new Set(['0']));
    expect(read.text).toBe('0');
    expect(read.confidence).toBeCloseTo(1);
  });

  it('never answers a character outside of the alphabet, nor a confidence outside of 0-1', () => {
    const values = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 25, maxLength: 25 });
    fc.assert(
      fc.property(values, fc.subarray(COLUMNS.slice(1)), (probabilities, allowed) => {
        const read = decodeEmissions(
          { characters: COLUMNS, steps: 5, probabilities: Float32Array.from(probabilities) },
          new Set(allowed),
        );
        expect([...read.text].every((character) => allowed.includes(character))).toBe(true);
        expect(read.confidence).toBeGreaterThanOrEqual(0);
        expect(read.confidence).toBeLessThanOrEqual(1);
      }),
    );
  });
});
