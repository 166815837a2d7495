import { ocrDistance } from './edit-distance.ts';
import { canonicalValue } from './vocabulary.ts';

export interface Snap {
  readonly value: string;
  /** Weighted edits between the reading and `value`, 0 where they are equal. */
  readonly distance: number;
  /** By how much the second best entry is worse, in weighted edits. */
  readonly margin: number;
}

export interface SnapOptions {
  /** Edits allowed as a share of the entry's length. Default 0.34. */
  readonly share?: number;
  /** Least lead over the second best entry. Default 0.4. */
  readonly margin?: number;
}

/** Entries this short (WNI, WNA) are too near each other for more than one confusable letter. */
const SHORT_ENTRY = 4;
const SHORT_EDITS = 0.6;

/** Upper case, blanks collapsed. */
export function plainText(text: string): string {
  return text.toUpperCase().replace(/\s+/g, ' ').trim();
}

/** Letters and digits only: what is left to compare when blanks and punctuation cannot be trusted. */
export function bareText(text: string): string {
  return text.toUpperCase().replace(/[^A-Z0-9]/g, '');
}

/**
 * The entry of a list that a reading stands for, or undefined where none is near enough or two (that are not spellings of one) are equally near.
 * Exact entries win at once, then those that differ in blanks and punctuation only.
 */
export function snap(text: string, entries: Iterable<string>, options: SnapOptions = {}): Snap | undefined {
  const { share = 0.34, margin: leastMargin = 0.4 } = options;
  const plain = plainText(text);
  if (plain === '') return undefined;
  let best: string | undefined;
  let distance = Infinity;
  let second = Infinity;
  for (const entry of entries) {
    if (entry === plain) return { value: entry, distance: 0, margin: Infinity };
    if (Math.abs(entry.length - plain.length) > 2 + entry.length * share) continue;
    const cost = ocrDistance(plain, entry, Math.min(second, entry.length * share + 1));
    const sameFact = best !== undefined && canonicalValue(best) === canonicalValue(entry);
    if (cost < distance) {
      if (!sameFact) second = distance;
      distance = cost;
      best = entry;
    } else if (cost < second && !sameFact) {
      second = cost;
    }
  }
  if (best === undefined || second - distance < leastMargin) return undefined;
  if (distance > (best.length <= SHORT_ENTRY ? SHORT_EDITS : best.length * share)) return undefined;
  return { value: best, distance, margin: second - distance };
}

/**
 * The one entry of which a reading is a part: its beginning, middle or end, or both ends around what could not be read.
 * Whole words that end at a blank or slash are a part only if `wordsToo`, since they may be a value by themselves.
 */
export function complete(plain: string, entries: readonly string[], wordsToo: boolean): string | undefined {
  const bare = bareText(plain);
  if (bare.length < 4) return undefined;
  const found = new Map<string, string>();
  for (const entry of entries) {
    const full = bareText(entry);
    const missing = full.length - bare.length;
    if (missing < 1 || bare.length < 0.45 * full.length || !(isAround(bare, full) || full.includes(bare))) continue;
    if (!wordsToo && plain.split(/[ /]+/).every((word) => entry.split(/[ /]+/).includes(word))) continue;
    const fact = canonicalValue(entry);
    const known = found.get(fact);
    if (known === undefined || entry.length < known.length) found.set(fact, entry);
  }
  const [only] = found.values();
  return found.size === 1 ? only : undefined;
}

/** Whether a reading is a piece of some entry, too short to tell which. */
export function isFragment(plain: string, entries: readonly string[]): boolean {
  const bare = bareText(plain);
  return (
    bare.length < 3 || entries.some((entry) => bareText(entry).length > bare.length && bareText(entry).includes(bare))
  );
}

function isAround(part: string, whole: string): boolean {
  let head = 0;
  while (head < part.length && part[head] === whole[head]) head += 1;
  let tail = 0;
  while (tail < part.length - head && part[part.length - 1 - tail] === whole[whole.length - 1 - tail]) tail += 1;
  return head + tail === part.length;
}
