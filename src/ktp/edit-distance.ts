/** Groups of characters that optical readers take for one another; a swap inside a group costs less. */
const CONFUSED = [
  'O0QDCGU',
  'I1LJT|!/',
  'S58$',
  'B8R3E',
  'Z27',
  'G6C',
  'A4',
  'MNHW',
  'VYUW',
  'KXH',
  'PFR',
  'EF',
  "-._,:'",
];
const CONFUSED_COST = 0.5;
const BLANK_COST = 0.3;

const confusedPairs = new Set<string>();
for (const group of CONFUSED) {
  for (const first of group) for (const second of group) if (first !== second) confusedPairs.add(first + second);
}

/** Cost of reading one character as another: 0 equal, 0.5 easily confused, 1 otherwise. */
export function substitutionCost(first: string, second: string): number {
  if (first === second) return 0;
  return confusedPairs.has(first + second) ? CONFUSED_COST : 1;
}

function gapCost(character: string): number {
  return character === ' ' || character === '.' || character === "'" || character === '-' ? BLANK_COST : 1;
}

/**
 * Weighted edit distance between two upper case strings: blanks and light punctuation come and go cheaply, characters
 * that optical readers confuse are half an edit. Stops early and returns Infinity beyond `limit`.
 */
export function ocrDistance(first: string, second: string, limit = Infinity): number {
  if (first === second) return 0;
  let previous: number[] = [0];
  for (let column = 1; column <= second.length; column += 1) {
    previous[column] = (previous[column - 1] ?? 0) + gapCost(second[column - 1] ?? '');
  }
  for (let row = 1; row <= first.length; row += 1) {
    const here = first[row - 1] ?? '';
    const current: number[] = [(previous[0] ?? 0) + gapCost(here)];
    let best = current[0] ?? 0;
    for (let column = 1; column <= second.length; column += 1) {
      const there = second[column - 1] ?? '';
      const cost = Math.min(
        (previous[column - 1] ?? 0) + substitutionCost(here, there),
        (previous[column] ?? 0) + gapCost(here),
        (current[column - 1] ?? 0) + gapCost(there),
      );
      current[column] = cost;
      if (cost < best) best = cost;
    }
    if (best > limit) return Infinity;
    previous = current;
  }
  const distance = previous[second.length] ?? 0;
  return distance > limit ? Infinity : distance;
}

export interface PrefixMatch {
  readonly distance: number;
  /** Number of characters of the text that the pattern took. */
  readonly end: number;
}

/**
 * Distance of a pattern to every prefix of a text: one entry for each length of the prefix, 0 to `reach` characters
 * beyond the pattern's length.
 */
export function prefixDistances(pattern: string, text: string, reach = 3): PrefixMatch[] {
  const width = Math.min(text.length, pattern.length + reach);
  let previous: number[] = Array.from({ length: width + 1 }, (_, column) => column);
  for (let row = 1; row <= pattern.length; row += 1) {
    const current: number[] = [row];
    for (let column = 1; column <= width; column += 1) {
      current[column] = Math.min(
        (previous[column - 1] ?? 0) + substitutionCost(pattern[row - 1] ?? '', text[column - 1] ?? ''),
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
      );
    }
    previous = current;
  }
  return previous.map((distance, end) => ({ distance, end }));
}
