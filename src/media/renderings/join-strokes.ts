import { lumaOf } from '../quality/luma.ts';
import { greyRaster, type Raster } from '../raster.ts';

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
  const rows = spreadAlong(ink, weights, { lines: height, length: width, lineStep: width, step: 1 });
  const both = spreadAlong(rows, weights, { lines: width, length: height, lineStep: 1, step: width });
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

interface Lines {
  readonly lines: number;
  readonly length: number;
  readonly lineStep: number;
  readonly step: number;
}

function spreadAlong(
  from: Float32Array,
  weights: readonly number[],
  { length, lineStep, lines, step }: Lines,
): Float32Array {
  const to = new Float32Array(from.length);
  for (let line = 0; line < lines; line++) {
    const first = line * lineStep;
    for (let index = 0; index < length; index++) {
      let sum = (weights[0] as number) * (from[first + index * step] as number);
      for (let away = 1; away < weights.length; away++) {
        const before = from[first + Math.max(0, index - away) * step] as number;
        const after = from[first + Math.min(length - 1, index + away) * step] as number;
        sum += (weights[away] as number) * (before + after);
      }
      to[first + index * step] = sum;
    }
  }
  return to;
}
