import { decodeEmissions } from '../../../src/text-lines/ctc.ts';
import type { Emissions, Quad, TextLine } from '../../../src/text-lines/text-line.ts';

/** Probabilities of other characters at a character's place, by its index in the text; '' is the blank: it may not be there. */
export type Doubts = Readonly<Record<number, Readonly<Record<string, number>>>>;

const COLUMNS: readonly string[] = ['', ..."ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,-/:()'abcdefghijklmnopqrstuvwxyz+"];
/** Steps of a character: a blank, the character, a blank. */
const STEPS = 3;

/** A line as the recogniser would tell it: with its probabilities, all sure but those that are named. */
export function emittedLine(text: string, quad: Quad, doubts: Doubts = {}): TextLine {
  const steps = STEPS * text.length;
  const probabilities = new Float32Array(steps * COLUMNS.length);
  for (let step = 0; step < steps; step += 1) {
    const index = Math.floor(step / STEPS);
    const others = step % STEPS === 1 ? (doubts[index] ?? {}) : {};
    const own = step % STEPS === 1 ? COLUMNS.indexOf(text[index] ?? '') : 0;
    const row = step * COLUMNS.length;
    let rest = 1;
    for (const [character, share] of Object.entries(others)) {
      probabilities[row + COLUMNS.indexOf(character)] = share;
      rest -= share;
    }
    probabilities[row + own] = rest;
  }
  const emissions: Emissions = { characters: COLUMNS, steps, probabilities };
  return { ...decodeEmissions(emissions), quad, emissions };
}
