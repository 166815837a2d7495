/** Groups of characters that optical readers take for one another; a swap inside a group costs less. */
const CONFUSED = ['O0QDCGU', 'I1LJT|!/', 'S58$', 'B8R3E', 'Z27', 'G6C', 'A4', 'MNHW', 'VYUW', 'KXH', 'PFR', 'EF'];
const LIGHT_MARKS = "-._,:'";
const CONFUSED_COST = 0.5;
const BLANK_COST = 0.3;

/** Cost of a swap by the two characters' codes, for those below 128; of all others it is 1. */
const swapCosts = new Float64Array(128 * 128).fill(1);
for (let code = 0; code < 128; code += 1) swapCosts[code * 128 + code] = 0;
for (const group of [...CONFUSED, LIGHT_MARKS]) {
  for (const first of group) {
    for (const second of group) {
      if (first !== second) swapCosts[first.charCodeAt(0) * 128 + second.charCodeAt(0)] = CONFUSED_COST;
    }
  }
}

function swapCost(first: number, second: number): number {
  if (first === second) return 0;
  return first < 128 && second < 128 ? (swapCosts[first * 128 + second] ?? 1) : 1;
}

/** Cost of reading one character as another: 0 equal, 0.5 easily confused, 1 otherwise. */
export function substitutionCost(first: string, second: string): number {
  return swapCost(first.charCodeAt(0), second.charCodeAt(0));
}

const BLANK = 32;
const STOP = 46;
const QUOTE = 39;
const DASH = 45;

function gapCost(code: number): number {
  return code === BLANK || code === STOP || code === QUOTE || code === DASH ? BLANK_COST : 1;
}

/**
 * Weighted edit distance between two upper case strings: blanks and light punctuation come and go cheaply, characters
 * that optical readers confuse are half an edit. Stops early and returns Infinity beyond `limit`.
 */
export function ocrDistance(first: string, second: string, limit = Infinity): number {
  if (first === second) return 0;
  let previous = new Float64Array(second.length + 1);
  let current = new Float64Array(second.length + 1);
  for (let column = 1; column <= second.length; column += 1) {
    previous[column] = (previous[column - 1] ?? 0) + gapCost(second.charCodeAt(column - 1));
  }
  for (let row = 1; row <= first.length; row += 1) {
    const here = first.charCodeAt(row - 1);
    const gap = gapCost(here);
    let left = (previous[0] ?? 0) + gap;
    let best = left;
    current[0] = left;
    for (let column = 1; column <= second.length; column += 1) {
      const there = second.charCodeAt(column - 1);
      const swapped = (previous[column - 1] ?? 0) + swapCost(here, there);
      const dropped = (previous[column] ?? 0) + gap;
      const added = left + gapCost(there);
      left = Math.min(swapped, dropped, added);
      current[column] = left;
      if (left < best) best = left;
    }
    if (best > limit) return Infinity;
    [previous, current] = [current, previous];
  }
  const distance = previous[second.length] ?? 0;
  return distance > limit ? Infinity : distance;
}

/**
 * Distance of a pattern to every prefix of a text, by the prefix's length, up to `reach` characters beyond the
 * pattern's; undefined as soon as all are beyond `limit`.
 */
export function prefixDistances(pattern: string, text: string, limit = Infinity, reach = 3): Float64Array | undefined {
  const width = Math.min(text.length, pattern.length + reach);
  let previous = new Float64Array(width + 1);
  let current = new Float64Array(width + 1);
  for (let column = 0; column <= width; column += 1) previous[column] = column;
  for (let row = 1; row <= pattern.length; row += 1) {
    const here = pattern.charCodeAt(row - 1);
    let left = row;
    let best = left;
    current[0] = left;
    for (let column = 1; column <= width; column += 1) {
      const swapped = (previous[column - 1] ?? 0) + swapCost(here, text.charCodeAt(column - 1));
      const dropped = (previous[column] ?? 0) + 1;
      const added = left + 1;
      left = Math.min(swapped, dropped, added);
      current[column] = left;
      if (left < best) best = left;
    }
    if (best > limit) return undefined;
    [previous, current] = [current, previous];
  }
  return previous;
}
