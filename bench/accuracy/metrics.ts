import { FIELD_NAMES, type FieldName } from '../../src/ktp/field-names.ts';
import type { Truth } from '../../tools/make-cards/truth.ts';

/** What a reader answered for one field. */
export interface ReadField {
  readonly value: string | null;
  /** 0-1; null where the reader has none. */
  readonly confidence: number | null;
  /** Of ours. */
  readonly warnings?: readonly string[];
}

export type ReadFields = Partial<Record<FieldName, ReadField>>;

/** Answers said with at least this confidence must not be wrong. */
export const SURE = 0.9;

export type Verdict = 'right' | 'wrong' | 'missing';

/** Upper case, blanks collapsed, the word PROVINSI left out: what does not count as a difference. */
export function canonical(value: string): string {
  return value
    .toUpperCase()
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replace(/^PROVINSI /, '');
}

/**
 * Judges an answer. Right is the value of the truth or its printed spelling, exactly after `canonical`; for a hidden
 * field also no answer. An empty answer to a visible field is missing.
 */
export function judge(field: FieldName, truth: Truth, answer: ReadField | undefined): Verdict {
  const value = canonical(answer?.value ?? '');
  const accepted = [truth.fields[field], truth.printed[field]].filter((text) => text !== null).map(canonical);
  if (value === '') return accepted.length === 0 || truth.hidden.includes(field) ? 'right' : 'missing';
  return accepted.includes(value) ? 'right' : 'wrong';
}

/** Levenshtein distance in characters. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substituted, (previous[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    previous = row;
  }
  return previous[b.length] as number;
}

/** Counts of one level, from which its figures follow. */
export interface Tally {
  cards: number;
  refused: number;
  fields: number;
  right: number;
  wholeCards: number;
  niks: number;
  editedCharacters: number;
  characters: number;
  surelyWrong: number;
}

export const emptyTally = (): Tally => ({
  cards: 0,
  refused: 0,
  fields: 0,
  right: 0,
  wholeCards: 0,
  niks: 0,
  editedCharacters: 0,
  characters: 0,
  surelyWrong: 0,
});

/** Adds one card to a tally; `answer` is null where the reader refused the picture. */
export function addCard(tally: Tally, truth: Truth, answer: ReadFields | null): Map<FieldName, Verdict> {
  const verdicts = new Map<FieldName, Verdict>();
  for (const field of FIELD_NAMES) {
    const read = answer?.[field];
    const verdict = judge(field, truth, read);
    verdicts.set(field, verdict);
    tally.fields++;
    if (verdict === 'right') tally.right++;
    if (verdict === 'wrong' && (read?.confidence ?? 0) >= SURE) tally.surelyWrong++;
    if (truth.hidden.includes(field)) continue;
    const value = canonical(read?.value ?? '');
    const spellings = [truth.fields[field] ?? '', truth.printed[field] ?? ''].map(canonical);
    tally.editedCharacters += Math.min(...spellings.map((spelling) => editDistance(spelling, value)));
    tally.characters += canonical(truth.printed[field] ?? '').length;
  }
  tally.cards++;
  if (answer === null) tally.refused++;
  if ([...verdicts.values()].every((verdict) => verdict === 'right')) tally.wholeCards++;
  if (verdicts.get('nik') === 'right') tally.niks++;
  return verdicts;
}

/** Sums tallies. */
export function total(tallies: Iterable<Tally>): Tally {
  const sum = emptyTally();
  for (const tally of tallies) for (const key of Object.keys(sum) as (keyof Tally)[]) sum[key] += tally[key];
  return sum;
}

/** Shares of a tally, 0-1. */
export function figures(tally: Tally) {
  const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
  return {
    cards: tally.cards,
    fields: share(tally.right, tally.fields),
    wholeCards: share(tally.wholeCards, tally.cards),
    niks: share(tally.niks, tally.cards),
    characterErrors: share(tally.editedCharacters, tally.characters),
    surelyWrong: share(tally.surelyWrong, tally.fields),
    refused: share(tally.refused, tally.cards),
  };
}

/** One row of the reliability table. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  answers: number;
  right: number;
  confidence: number;
}

export function reliabilityBins(): ReliabilityBin[] {
  const edges = [0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0001];
  return edges.slice(1).map((to, i) => ({ from: edges[i] as number, to, answers: 0, right: 0, confidence: 0 }));
}

/** Adds one given answer with a confidence to its bin. */
export function addToBins(bins: readonly ReliabilityBin[], confidence: number, right: boolean): void {
  const bin = bins.find(({ from, to }) => confidence >= from && confidence < to);
  if (bin === undefined) return;
  bin.answers++;
  bin.confidence += confidence;
  if (right) bin.right++;
}
