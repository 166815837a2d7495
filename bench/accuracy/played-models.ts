import { misread } from './scripted-engine.ts';

/** What a played model says of a field that it is asked for. */
export interface Play {
  /** Whether it throws dice, so that only the mean of several throws says something. */
  readonly dice: boolean;
  /**
   * @param value as it is printed; null: it is hidden.
   * @param known whether OCR is sure of the field, which is asked to see whether the model can be believed.
   * @param die 0-1, another for every field, card and throw.
   */
  say(value: string | null, known: boolean, die: number): string | null;
}

const erring = (share: number): Play => ({
  dice: true,
  say: (value, known, die) => (value !== null && !known && die < share ? misread(value) : value),
});

/** Models that answer at once, from the best to the worst. */
export const PLAYED: Readonly<Record<string, Play>> = {
  'reads all that is visible': { dice: false, say: (value) => value },
  'right about the known, errs in one of ten': erring(0.1),
  'right about the known, errs in one of five': erring(0.2),
  'right about the known, errs in one of two': erring(0.5),
  'right about the known, errs in all others': erring(1),
  'right about the known, says nothing of one in two': {
    dice: true,
    say: (value, known, die) => (known || die >= 0.5 ? value : null),
  },
  'right about the known, says nothing of the others': { dice: false, say: (value, known) => (known ? value : null) },
  'says nothing at all': { dice: false, say: () => null },
  'changes a character of every value': { dice: false, say: (value) => value && misread(value) },
};

/** A number of 0-1 that belongs to a text: FNV-1a, stirred. */
export function dieOf(text: string): number {
  let hash = 2166136261;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 0x21f0aaad);
  hash ^= hash >>> 13;
  return (hash >>> 0) / 2 ** 32;
}
