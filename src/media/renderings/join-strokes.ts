import { lumaOf } from '../quality/luma.ts';
import { greyRaster, type Raster } from '../raster.ts';
import { type Slide, slideBoth } from './plane.ts';

/** How far the pieces of strokes are spread, pixels (a Gaussian's sigma), and how much darker they are made then. */
export interface Joint {
  readonly spread: number;
  readonly gain: number;
}

/**
 * A grey copy of a picture whose strokes are in pieces, as a copier in black and white leaves thin print: spread over the
 * gaps between them and darkened again, so that what belongs to one stroke is one.
 */
export function joinStrokes(picture: Raster, { gain, spread }: Joint): Raster {
  const { height, width } = picture;
  const ink = Float32Array.from(lumaOf(picture), (level) => 255 - level);
  const weights = gaussian(spread);
  const both = slideBoth({ width, height, data: ink }, weights.length - 1, (from, to, slide) =>
    spreadAlong(from, to, slide, weights),
  );
  return greyRaster(
    Uint8Array.from(both, (value) => Math.max(0, 255 - gain * value)),
    width,
    height,
  );
}

/** The weights of a Gaussian from its middle outwards; with those of the other side they add up to 1. */
function gaussian(sigma: number): number[] {
  const weights = Array.from({ length: Math.ceil(3 * sigma) + 1 }, (_, index) =>
    Math.exp(-(index ** 2) / (2 * sigma ** 2)),
  );
  const [middle = 1, ...side] = weights;
  const sum = middle + 2 * side.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function spreadAlong(
  from: Float32Array,
  to: Float32Array,
  { length, offset, radius, step }: Slide,
  weights: readonly number[],
): void {
  for (let index = 0; index < length; index++) {
    let sum = (weights[0] as number) * (from[offset + index * step] as number);
    for (let away = 1; away <= radius; away++) {
      const before = from[offset + Math.max(0, index - away) * step] as number;
      const after = from[offset + Math.min(length - 1, index + away) * step] as number;
      sum += (weights[away] as number) * (before + after);
    }
    to[offset + index * step] = sum;
  }
}
