import type { Raster } from '../raster.ts';
import { inkOfLine } from './line-ink.ts';

/** Columns with ink over this share of the capitals' height are part of a standing stroke. */
const STANDING = 0.6;
/** Strokes of I are no wider, as a share of that height. */
const WIDEST = 0.4;

/** Share of a line's columns that are as high as its capitals, and of their height what is noise between strokes. */
const TALLEST = 0.02;
const STRAY = 0.15;
/** Ink higher than capitals is of an edge. */
const HIGHEST = 1.3;
/** Columns beside a stroke that its blur reaches. */
const RIM = 3;

/** The standing strokes at the end of a line, from left to right. */
export interface LastStrokes {
  /** Their middles, 0-1 of the line. */
  readonly middles: readonly number[];
  /** From each to the next one, between their ink, as shares of the capitals' height. */
  readonly gaps: readonly number[];
}

/**
 * The last `count` strokes of a line (a picture of it alone, upright), if its last letters are such, as I is; null where
 * they are not.
 */
export function lastStrokesOf(line: Raster, count: number): LastStrokes | null {
  const columns = inkOfColumns(line);
  const capitals = [...columns].sort((p, q) => q - p)[Math.floor(line.width * TALLEST)] ?? 0;
  if (capitals < line.height / 4) return null;
  const strokes = lastRuns(columns, STANDING * capitals, count);
  if (strokes.length < count || strokes.some(({ left, right }) => right - left >= WIDEST * capitals)) return null;
  if (columns.slice(strokes[0]?.left).some((ink) => ink > HIGHEST * capitals)) return null;
  const gaps: number[] = [];
  for (const [index, { left }] of strokes.entries()) {
    const before = strokes[index - 1];
    if (!before) continue;
    const between = columns.slice(before.right + RIM, Math.max(before.right + RIM, left - RIM + 1));
    if (between.some((ink) => ink > STRAY * capitals)) return null;
    gaps.push((left - before.right - 1) / capitals);
  }
  return { gaps, middles: strokes.map(({ left, right }) => (left + right + 1) / 2 / line.width) };
}

/** Pixels of ink in each column. */
function inkOfColumns(line: Raster): number[] {
  const { height, width } = line;
  const isInk = inkOfLine(line);
  return Array.from({ length: width }, (_, x) => {
    let count = 0;
    for (let y = 0; y < height; y++) if (isInk(x, y)) count++;
    return count;
  });
}

interface Stroke {
  /** First and last column. */
  readonly left: number;
  readonly right: number;
}

/** The last runs of columns that hold so much ink at least, from left to right. */
function lastRuns(columns: readonly number[], least: number, count: number): Stroke[] {
  const strokes: Stroke[] = [];
  let right = -1;
  for (let x = columns.length - 1; x >= 0 && strokes.length < count; x--) {
    const stands = (columns[x] as number) >= least;
    if (stands && right < 0) right = x;
    if (!stands && right >= 0) {
      strokes.unshift({ left: x + 1, right });
      right = -1;
    }
  }
  return strokes;
}
