import { halveRaster, type Raster } from '../raster.ts';
import { lumaOf, quantile, ramp } from './luma.ts';

export interface Glare {
  /** 0-1. */
  readonly score: number;
  /** Burnt-out spots: left, top, right, bottom in 0-1 of the card. */
  readonly spots: readonly (readonly [number, number, number, number])[];
}

/** A spot is burnt out: this bright, and this much brighter than the card. */
const BURNT = 244;
const ABOVE_CARD = 18;
/** Brightness of a card that is nearly white. */
const WHITE = 232;
/** Smaller spots (share of the card) hide no text. */
const MIN_SPOT = 0.0025;
/** White along so much of a side is the paper beside the card: its edges are known to some hundredths only. */
const PAPER_SIDE = 0.6;
/** As far from the edges (share of the card's height) it may be: what is burnt out farther in is on the card. */
const PAPER_DEPTH = 0.15;

/**
 * Finds burnt-out spots on an upright card some 256 pixels wide (highlights of lamps, flash, plastic sleeves). White paper
 * that the card lies on is none.
 */
export function findGlare(card: Raster): Glare {
  const small = halveRaster(card);
  const { width, height } = small;
  const luma = lumaOf(small);
  const middle = quantile(luma, 0.5);
  // On a card that is white all over (a photocopy, a burnt-out photo) no spot stands out.
  if (middle > WHITE) return { score: 0, spots: [] };
  const threshold = Math.max(BURNT, middle + ABOVE_CARD);
  const seen = new Uint8Array(luma.length);
  const spots: Glare['spots'][number][] = [];
  let burnt = 0;
  for (let start = 0; start < luma.length; start++) {
    if (seen[start] === 1 || (luma[start] ?? 0) < threshold) continue;
    const spot: number[] = [];
    const stack = [start];
    seen[start] = 1;
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const x = at % width;
      const y = (at - x) / width;
      spot.push(at);
      for (const [dx, dy] of NEIGHBOURS) {
        const next = (y + dy) * width + x + dx;
        if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height) continue;
        if (seen[next] === 1 || (luma[next] ?? 0) < threshold) continue;
        seen[next] = 1;
        stack.push(next);
      }
    }
    const own = withoutPaper(spot, width, height);
    if (own.length < MIN_SPOT * luma.length) continue;
    burnt += own.length;
    spots.push(boundsOf(own, width, height));
  }
  return { score: ramp(burnt / luma.length, 0, 0.04), spots };
}

/** A spot's pixels without those that are of the paper beside the card. */
function withoutPaper(spot: readonly number[], width: number, height: number): readonly number[] {
  const sides = [0, 0, 0, 0] as [number, number, number, number];
  for (const at of spot) {
    const [x, y] = [at % width, Math.floor(at / width)];
    if (x === 0) sides[0]++;
    if (y === 0) sides[1]++;
    if (x === width - 1) sides[2]++;
    if (y === height - 1) sides[3]++;
  }
  const isPaper = sides.some((count, side) => count >= PAPER_SIDE * (side % 2 === 0 ? height : width));
  if (!isPaper) return spot;
  const depth = PAPER_DEPTH * height;
  return spot.filter((at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    return Math.min(x, y, width - 1 - x, height - 1 - y) > depth;
  });
}

/** Left, top, right, bottom of pixels in 0-1. */
function boundsOf(spot: readonly number[], width: number, height: number): Glare['spots'][number] {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (const at of spot) {
    const x = at % width;
    const y = (at - x) / width;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return [left / width, top / height, (right + 1) / width, (bottom + 1) / height];
}

const NEIGHBOURS = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
] as const;
