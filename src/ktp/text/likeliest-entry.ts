import { canonicalValue } from '../rules/vocabulary.ts';
import { fitOf } from './fit.ts';
import type { Span } from './spans.ts';

/** Print in pieces is the entry that leads by this many nats. */
export const LEAST_LEAD = 5;

/** An entry of a list that print in pieces is likeliest to be. */
export interface LikeliestEntry {
  readonly entry: string;
  /** Nats by which it is likelier than any other value of the list. */
  readonly margin: number;
}

/** Widths of capitals in a plain face (Helvetica's metrics), in thousandths of its size; others are as digits. */
const WIDTHS: Readonly<Record<string, number>> = {
  A: 667,
  B: 667,
  C: 722,
  D: 722,
  E: 667,
  F: 611,
  G: 778,
  H: 722,
  I: 278,
  J: 500,
  K: 667,
  L: 556,
  M: 833,
  N: 722,
  O: 778,
  P: 667,
  Q: 778,
  R: 722,
  S: 667,
  T: 611,
  U: 722,
  V: 667,
  W: 944,
  X: 667,
  Y: 667,
  Z: 611,
  ' ': 278,
  '-': 333,
  '/': 278,
  '.': 278,
  ',': 278,
  '(': 333,
  ')': 333,
  "'": 191,
};
const OTHER_WIDTH = 556;
/** A size of 1 is so many distances of two rows wide: printings differ by a sixth. */
const SIZE = 0.8;
const SIZE_SPREAD = 0.12;
/** How far the ends of print may be seen wrong, in the distance of two rows. */
const END_SPREAD = 0.5;
/** Nats that another width may cost at most. */
const MOST_FOR_WIDTH = 10;

/**
 * The entry that print in pieces is likeliest to be, by what the recogniser says of its letters and by how wide it is. Where
 * many letters were not read a short entry may still win over the long one that is printed: never sure. `favour` is what
 * speaks for an entry beforehand, nats. Undefined where the print is whole, or nothing is known of its letters.
 */
export function likeliestEntry(
  spans: readonly Span[],
  entries: readonly string[],
  favour: (entry: string) => number = () => 0,
): LikeliestEntry | undefined {
  const [first] = spans;
  const width = first?.line.brokenWidth;
  if (first === undefined || width === undefined || spans.some(({ line }) => line !== first.line)) return undefined;
  const { track } = fitOf(spans);
  if (!track) return undefined;
  let best: { entry: string; score: number } | undefined;
  let second = Number.NEGATIVE_INFINITY;
  for (const entry of new Set(entries)) {
    const score = track.logLikelihood(entry) - costOfWidth(width, entry) + favour(entry);
    const isSame = best !== undefined && canonicalValue(best.entry) === canonicalValue(entry);
    if (!best || score > best.score) {
      if (best && !isSame) second = best.score;
      best = { entry, score };
    } else if (!isSame) second = Math.max(second, score);
  }
  return best && { entry: best.entry, margin: best.score - second };
}

/** How sure the characters of an entry are that leads by so many nats, 0-1. */
export function charactersOfLead(margin: number): { leastCharacter: number; meanCharacter: number } {
  const share = 1 - Math.exp(-margin / SURE_LEAD);
  return { leastCharacter: share, meanCharacter: share };
}

/** Doubt of an entry that print in pieces is likeliest to be, as edits a character. */
export const BROKEN_SHARE = 0.3;

/** A lead of so many nats is right more often than not by far, for what the recogniser says of pieces is no measure. */
const SURE_LEAD = 8;

function costOfWidth(width: number, entry: string): number {
  const own = [...entry].reduce((sum, character) => sum + (WIDTHS[character] ?? OTHER_WIDTH) / 1000, 0) * SIZE;
  return Math.min(MOST_FOR_WIDTH, 0.5 * ((width - own) / (SIZE_SPREAD * own + END_SPREAD)) ** 2);
}
