import type { Raster } from '../raster.ts';
import { findRepeats } from './find-repeats.ts';
import { localWhite } from './local-white.ts';
import { boxMeans, halvePlane, type Plane } from './plane.ts';
import { refineRepeat } from './refine-repeat.ts';
import { repeatedMark } from './repeated-mark.ts';
import { takeOffMark } from './take-off-mark.ts';

/** The longer side of the picture that repeats are looked for in, pixels. */
const SMALL_SIDE = 448;
/** Strokes are no wider than this share of the picture's width. */
const STROKE_SHARE = 0.012;
/** Print is darker than what is written over it: strokes count up to this darkness, so that both weigh alike. */
const DARKEST = 0.25;

/**
 * A picture without the words that are written all over it: what each place has in common with those that it is repeated
 * at is taken for the mark, its colour and opacity are measured, and it is taken off. `rowAngle` is the direction of the
 * picture's own text, radians clockwise. Null where nothing is repeated.
 */
export function withoutRepeats(picture: Raster, rowAngle: number): Raster | null {
  const { width, height, data } = picture;
  const white = localWhite(picture);
  const darkness = new Float32Array(width * height);
  for (let pixel = 0, at = 0; pixel < darkness.length; pixel++, at += 3) {
    const least = Math.min(
      (data[at] as number) / (white[at] as number),
      (data[at + 1] as number) / (white[at + 1] as number),
      (data[at + 2] as number) / (white[at + 2] as number),
    );
    darkness[pixel] = Math.min(1, Math.max(0, 1 - least));
  }
  const full: Plane = { width, height, data: darkness };
  const strokes = strokesOf(full);
  let small = strokes;
  let factor = 1;
  for (; Math.max(small.width, small.height) > SMALL_SIDE; factor *= 2) small = halvePlane(small);
  const repeats = findRepeats(small, rowAngle).map((repeat) => refineRepeat(strokes, repeat, factor));
  if (repeats.length === 0) return null;
  return takeOffMark(picture, white, repeatedMark(full, { strokes: small, factor }, repeats));
}

/** Darkness against its surroundings: strokes above zero, what lies between them below; its mean is about zero. */
function strokesOf({ width, height, data }: Plane): Plane {
  const bounded = data.map((value) => Math.min(DARKEST, value));
  const around = boxMeans({ width, height, data: bounded }, Math.max(2, Math.round(STROKE_SHARE * width)));
  return { width, height, data: bounded.map((value, index) => value - (around[index] as number)) };
}
