import type { Raster } from '../raster.ts';
import { inkOfLine } from './line-ink.ts';

/** Rows with this share of the ink of the line's fullest ones belong to its capitals. */
const ROW_SHARE = 0.25;
/** A stop lies in this lowest share of the capitals' height, and is no higher. */
const FOOT = 0.25;
/** Columns with ink over this share of the capitals' height are part of a character. */
const STROKE = 0.15;
/** A stop lies this near to where it was read, and is no wider, as shares of the capitals' height. */
const NEAR = 0.6;
const WIDEST = 0.4;

/**
 * How far the ink of the next character is from that of a full stop read at a share of a line (a picture of it alone,
 * upright), as a share of the capitals' height; null where no stop is seen there. `before` and `behind` are the middles of
 * the characters beside it: what lies beyond (the comma of ", S.PD") is another.
 */
export function gapBehindStop(line: Raster, at: number, before: number, behind: number): number | null {
  const { height, width } = line;
  const isInk = inkOfLine(line);
  const rows = Array.from({ length: height }, (_, y) => {
    let count = 0;
    for (let x = 0; x < width; x++) if (isInk(x, y)) count++;
    return count;
  });
  const [top, bottom] = longestRun(rows, ROW_SHARE * ([...rows].sort((p, q) => q - p)[Math.floor(0.1 * height)] ?? 0));
  const capitals = bottom - top + 1;
  if (capitals < height / 4) return null;
  const inkIn = (x: number, from: number, to: number): number => {
    let count = 0;
    for (let y = Math.max(0, from); y <= Math.min(height - 1, to); y++) if (isInk(x, y)) count++;
    return count;
  };
  const foot = Math.ceil(FOOT * capitals);
  const isStop = (x: number): boolean =>
    x >= 0 && x < width && inkIn(x, bottom - foot, bottom + 1) > 0 && inkIn(x, top, bottom - foot - 1) === 0;
  const middle = Math.round(at * width);
  const reach = Math.round(NEAR * capitals);
  const near = Array.from(
    { length: 2 * reach + 1 },
    (_, index) => middle + (index % 2 ? 1 : -1) * Math.ceil(index / 2),
  );
  const seed = near.find((x) => x > before * width && x < behind * width && isStop(x));
  if (seed === undefined) return null;
  let [left, right] = [seed, seed];
  while (isStop(left - 1)) left--;
  while (isStop(right + 1)) right++;
  // The lowest end of a round letter (S) is of this form too, but no paper parts it from the rest.
  const isApart = left > 0 && inkIn(left - 1, top, bottom) === 0;
  if (!isApart || right - left + 1 > WIDEST * capitals) return null;
  for (let x = right + 1; x < width; x++) {
    if (inkIn(x, top, bottom) > STROKE * capitals) return (x - right - 1) / capitals;
  }
  return null;
}

/** First and last index of the longest run of values of that much at least. */
function longestRun(values: readonly number[], least: number): readonly [number, number] {
  let best: readonly [number, number] = [0, -1];
  let start = -1;
  for (let index = 0; index <= values.length; index++) {
    const isHigh = index < values.length && (values[index] as number) >= least;
    if (isHigh && start < 0) start = index;
    if (!isHigh && start >= 0) {
      if (index - start > best[1] - best[0] + 1) best = [start, index - 1];
      start = -1;
    }
  }
  return best;
}
