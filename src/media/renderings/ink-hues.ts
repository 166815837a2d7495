import type { EdgeBox, Raster } from '../raster.ts';
import { densityOf } from './ink-densities.ts';

/** A kind of coloured ink. */
export interface InkHue {
  /** The direction of its colour, of length 1: see Density. */
  readonly x: number;
  readonly y: number;
  /** How dark it is alone for so much colour. */
  readonly grey: number;
}

/** Colour of this density is ink's: paper, print and pattern stay below. */
const CLEAR = 0.3;
/** Ink on a smaller share of the picture tells nothing. */
const LEAST_SHARE = 0.0005;
const STEPS = 72;
const TURN = 2 * Math.PI;
/** A second hue counts from this share of the first one's pixels on. */
const LEAST_OF_FIRST = 0.1;
const MOST_INKS = 2;
/** Pixels within this angle of a hue are of its ink alone. */
const NEAR = 0.14;
/** Share of those that have no print below: the least dark for their colour. */
const NO_PRINT = 0.3;

/** A pixel of clear colour. */
interface Coloured {
  readonly angle: number;
  readonly colour: number;
  readonly grey: number;
}

/**
 * The coloured inks over a text, at most two, told by the hues that most pixels have.
 * @param shares red, green and blue in 255ths of the local white
 */
export function findInks(shares: Raster, text: EdgeBox, photo: EdgeBox): InkHue[] {
  const pixels = colouredPixels(shares, text, photo);
  if (pixels.length < LEAST_SHARE * shares.width * shares.height) return [];
  return commonAngles(pixels).map((angle) => {
    const own = pixels.filter((pixel) => Math.abs(turnBetween(pixel.angle, angle)) < NEAR);
    const mean = angle + own.reduce((sum, pixel) => sum + turnBetween(pixel.angle, angle), 0) / own.length;
    const darkness = Float32Array.from(own, ({ colour, grey }) => grey / colour).sort();
    return { x: Math.cos(mean), y: Math.sin(mean), grey: darkness[Math.floor(NO_PRINT * darkness.length)] ?? 0 };
  });
}

function colouredPixels({ data, height, width }: Raster, text: EdgeBox, photo: EdgeBox): Coloured[] {
  const pixels: Coloured[] = [];
  const bottom = Math.min(height, Math.floor(text.bottom));
  const right = Math.min(width, Math.floor(text.right));
  for (let row = Math.max(0, Math.ceil(text.top)); row < bottom; row++) {
    for (let column = Math.max(0, Math.ceil(text.left)); column < right; column++) {
      if (column > photo.left && column < photo.right && row > photo.top && row < photo.bottom) continue;
      const { grey, x, y } = densityOf(data, 3 * (row * width + column));
      const colour = Math.hypot(x, y);
      if (colour > CLEAR) pixels.push({ angle: Math.atan2(y, x), colour, grey });
    }
  }
  return pixels;
}

/** The angles that most pixels have, the commonest first. */
function commonAngles(pixels: readonly Coloured[]): number[] {
  const counts = new Array<number>(STEPS).fill(0);
  const wrap = (step: number): number => (step + STEPS) % STEPS;
  for (const { angle } of pixels) {
    const step = wrap(Math.floor((STEPS * angle) / TURN));
    counts[step] = (counts[step] as number) + 1;
  }
  const at = (values: readonly number[], step: number): number => values[wrap(step)] as number;
  const smooth = counts.map(
    (own, step) =>
      own + 0.75 * (at(counts, step - 1) + at(counts, step + 1)) + 0.3 * (at(counts, step - 2) + at(counts, step + 2)),
  );
  const most = Math.max(...smooth);
  return smooth
    .map((count, step) => ({ count, step }))
    .filter(({ count, step }) => count > at(smooth, step + 1) && count >= at(smooth, step - 1))
    .filter(({ count }) => count > LEAST_OF_FIRST * most)
    .sort((p, q) => q.count - p.count)
    .slice(0, MOST_INKS)
    .map(({ step }) => ((step + 0.5) * TURN) / STEPS);
}

/** From the second angle to the first one, at most half a turn each way. */
function turnBetween(first: number, second: number): number {
  const turn = (first - second) % TURN;
  return turn > Math.PI ? turn - TURN : turn < -Math.PI ? turn + TURN : turn;
}
