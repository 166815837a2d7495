import type { Raster } from '../raster.ts';

/** Coverage from which a pixel is wholly covered, and below which it is not at all. */
const COVERED = 0.85;
const BARE = 0.15;
/** Nothing so faint is a mark. */
const FAINT = 0.1;
/** Of all that a mark covers this share is not its edge. */
const PLATEAU_QUANTILE = 0.7;
/** Most of what lies under a mark is paper. */
const PAPER_QUANTILE = 0.6;
/** Share of a picture's pixels that are the middles of its print's strokes. */
const PRINT_QUANTILE = 0.02;
/** No mark lets less through. */
const MOST_OPACITY = 0.85;
/** Print is darker than its paper by at least so much of it. */
const LEAST_CONTRAST = 0.1;
/** Steps of a share of the local white, which may be exceeded. */
const STEPS = 200;
const MOST_STEPS = 255;

/**
 * A picture without a mark over it, be it paint or ink. What the mark leaves of paper and of print tells its colour and how
 * much it lets through; what is left of the print's contrast is spread again to what it is beside the mark.
 * @param white what each pixel would be without ink: see localWhite
 * @param mark how much of the mark lies over each pixel, in any unit; null is answered where it lies over none
 */
export function takeOffMark({ width, height, data }: Raster, white: Float32Array, mark: Float32Array): Raster | null {
  const whole = plateauOf(mark);
  if (whole === 0) return null;
  const inks = measureInk(data, white, mark, whole);
  const bared = new Uint8Array(data);
  for (let pixel = 0; pixel < mark.length; pixel++) {
    const coverage = Math.min(1, (mark[pixel] as number) / whole);
    if (coverage <= 0) continue;
    for (let channel = 0, at = 3 * pixel; channel < 3; channel++, at++) {
      const { left, opacity } = inks[channel] as Ink;
      const background = white[at] as number;
      const paint = coverage * (left - 1 + opacity) * background;
      const below = ((data[at] as number) - paint) / (1 - coverage * opacity);
      bared[at] = Math.min(255, Math.max(0, Math.round(below)));
    }
  }
  return { width, height, data: bared };
}

/** What a mark does to one channel. */
interface Ink {
  /** Share of the paper's brightness that the covered paper has. */
  readonly left: number;
  /** Share of the contrast that it takes. */
  readonly opacity: number;
}

function measureInk(data: Uint8Array, white: Float32Array, mark: Float32Array, whole: number): Ink[] {
  return [0, 1, 2].map((channel) => {
    const covered = new Uint32Array(MOST_STEPS + 1);
    const bare = new Uint32Array(MOST_STEPS + 1);
    for (let pixel = 0, at = channel; pixel < mark.length; pixel++, at += 3) {
      const coverage = (mark[pixel] as number) / whole;
      if (coverage > BARE && coverage < COVERED) continue;
      const step = Math.min(MOST_STEPS, Math.round((STEPS * (data[at] as number)) / (white[at] as number)));
      const counts = coverage >= COVERED ? covered : bare;
      counts[step] = (counts[step] as number) + 1;
    }
    const left = Math.min(1, quantileOf(covered, PAPER_QUANTILE) / STEPS);
    const printUnder = quantileOf(covered, PRINT_QUANTILE) / STEPS;
    const print = quantileOf(bare, PRINT_QUANTILE) / STEPS;
    const opacity = 1 - (left - printUnder) / Math.max(LEAST_CONTRAST, 1 - print);
    return { left, opacity: Math.min(MOST_OPACITY, Math.max(1 - left, opacity)) };
  });
}

/** What the mark is where it covers wholly; 0 where there is none. */
function plateauOf(mark: Float32Array): number {
  const counts = new Uint32Array(MOST_STEPS + 1);
  for (const value of mark) {
    const step = Math.min(MOST_STEPS, Math.round(STEPS * value));
    if (value > FAINT) counts[step] = (counts[step] as number) + 1;
  }
  return quantileOf(counts, PLATEAU_QUANTILE) / STEPS;
}

/** The step below which a share of all counts lies; 0 without any. */
function quantileOf(counts: Uint32Array, share: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (let step = 0; step < counts.length; step++) {
    below += counts[step] as number;
    if (below > share * total) return step;
  }
  return 0;
}
