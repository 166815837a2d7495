import type { EdgeBox, Raster } from '../raster.ts';
import { densityOf } from './ink-densities.ts';

/** A kind of coloured ink. */
export interface InkHue {
  /** The direction of its colour, of length 1: see Density. */
  readonly x: number;
  readonly y: number;
  /** How dark it is alone, by how much colour it shows: see greyOf. */
  readonly greys: Float32Array;
}

/** Colour of this density is ink's: paper, print and pattern stay below. */
const CLEAR = 0.3;
/** What is darker for its colour is print, which on coloured paper and in poor light has a hue of its own. */
const MOST_GREY = 3;
/** Ink on a smaller share of the picture tells nothing. */
const LEAST_SHARE = 0.0005;
const STEPS = 72;
const TURN = 2 * Math.PI;
/** A second hue counts from this share of the first one's pixels on. */
const LEAST_OF_FIRST = 0.1;
const MOST_INKS = 2;
/** Pixels within this angle of a hue are of its ink alone. */
const NEAR = 0.14;
/** Share of those that surely have no print below: the least dark of so much colour. */
const NO_PRINT = 0.07;
/** Colours this far from each other are told apart; of each so many pixels tell how dark its ink is. */
const COLOUR_STEP = 0.06;
const LEAST_PIXELS = 30;

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
    return { x: Math.cos(mean), y: Math.sin(mean), greys: greysOf(own) };
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
      if (colour > CLEAR && grey < MOST_GREY * colour) pixels.push({ angle: Math.atan2(y, x), colour, grey });
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

/**
 * How dark an ink alone is where it shows so much colour. Ink that covers a part of a pixel only, at the edges of its strokes,
 * is darker for its colour than where it covers the whole, so that the picture tells for each colour.
 */
export function greyOf({ greys }: InkHue, colour: number): number {
  const last = greys.length - 1;
  if (colour <= 0 || last < 1) return 0;
  const at = colour / COLOUR_STEP;
  if (at >= last) return ((greys[last] as number) * at) / last;
  const step = Math.floor(at);
  const [below, above] = [greys[step] as number, greys[step + 1] as number];
  return below + (at - step) * (above - below);
}

/**
 * How dark pixels of one hue are that have no print below, in steps of their colour; between measured ones on a line. Less
 * colour is never darker, and what is darker in proportion than the ink where most of it shows has print below.
 */
function greysOf(own: readonly Coloured[]): Float32Array {
  const byStep: number[][] = [];
  for (const { colour, grey } of own) {
    const step = Math.round(colour / COLOUR_STEP);
    for (const near of [step - 1, step, step + 1]) {
      byStep[near] ??= [];
      byStep[near].push(grey);
    }
  }
  const measured = [...byStep.entries()]
    .filter(([step, greys]) => step > 0 && greys !== undefined && greys.length >= LEAST_PIXELS)
    .map(([step, greys]) => ({ step, grey: quantile(greys, NO_PRINT) }));
  const colours = own.map(({ colour }) => colour);
  const common = quantile(colours, 0.5) / COLOUR_STEP;
  const atCommon = measured.filter(({ step }) => Math.abs(step - common) <= 1);
  const ratio = Math.min(...atCommon.map(({ grey, step }) => grey / step));
  const most = measured.map(({ grey, step }) => (step > common ? Math.min(grey, ratio * step) : grey));
  const bounded = measured.map(({ step }, index) => ({ step, grey: Math.min(...most.slice(index)) }));
  const curve = [0];
  for (const { grey, step } of bounded) {
    const before = curve.length - 1;
    const last = curve[before] ?? 0;
    for (let at = before + 1; at <= step; at++) curve.push(last + ((grey - last) * (at - before)) / (step - before));
  }
  return Float32Array.from(curve);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = Float32Array.from(values).sort();
  return sorted[Math.floor(share * sorted.length)] ?? 0;
}
