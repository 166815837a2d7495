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

/** Finds burnt-out spots on an upright card some 256 pixels wide (highlights of lamps, flash, plastic sleeves). */
export function findGlare(card: Raster): Glare {
  const small = halveRaster(card);
  const { width, height } = small;
  const luma = lumaOf(small);
  const middle = quantile(luma, 0.5);
  // On a card that is white all over (a photocopy, a burnt-out photo) no spot stands out.
  if (middle > WHITE) return { score: 0, spots: [] };
  const threshold = Math.max(BURNT, middle + ABOVE_CARD);
  const seen = new Uint8Array(luma.length);
  const spots: [number, number, number, number][] = [];
  let burnt = 0;
  for (let start = 0; start < luma.length; start++) {
    if (seen[start] === 1 || (luma[start] ?? 0) < threshold) continue;
    let [left, top, right, bottom, count] = [width, height, 0, 0, 0];
    const stack = [start];
    seen[start] = 1;
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const x = at % width;
      const y = (at - x) / width;
      count++;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      for (const [dx, dy] of NEIGHBOURS) {
        const next = (y + dy) * width + x + dx;
        if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height) continue;
        if (seen[next] === 1 || (luma[next] ?? 0) < threshold) continue;
        seen[next] = 1;
        stack.push(next);
      }
    }
    if (count < MIN_SPOT * luma.length) continue;
    burnt += count;
    spots.push([left / width, top / height, (right + 1) / width, (bottom + 1) / height]);
  }
  return { score: ramp(burnt / luma.length, 0, 0.04), spots };
}

const NEIGHBOURS = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
] as const;
