import type { Raster } from '../raster.ts';
import { localWhite } from './local-white.ts';

/**
 * Ink that is thin takes its own share of each channel from whatever lies below it: of the blue, violet and red of stamps
 * at least this much of what the channels differ by, added to the brightest one, gives back what is below; of darker ink
 * more, up to the second.
 */
const THIN_INK = 0.55;
const DARK_INK = 1.2;
/** Channels of stamps' ink on bare paper differ by more than this share of the local white. */
const CLEAR_COLOUR = 0.25;
/** Share of coloured pixels that surely have no print below them: those that are the least dark for their colour. */
const NO_PRINT = 0.3;
/** Fewer pixels of a colour tell nothing of its ink, as a share of the picture. */
const LEAST_SHARE = 0.0005;
/** Steps per unit in which ink is measured. */
const STEPS = 100;

/** A picture's ink by kind, a byte a pixel. */
export interface SeparatedInk {
  /** What light black print alone leaves of the local white, in 255ths, where the ink over it is thin. */
  readonly underThin: Uint8Array;
  /** The same where that ink covers: what lies below is not lighter than the brightest channel. */
  readonly underCovering: Uint8Array;
  /** What each pixel would be without ink: see localWhite. */
  readonly white: Float32Array;
  /** The channel (0-2) that the ink leaves the brightest. */
  readonly brightest: Uint8Array;
  /** By how much the channels differ against the local white, in 255ths: coloured ink. */
  readonly colour: Uint8Array;
}

/** Tells black print from coloured ink by what each leaves of the local white in red, green and blue. */
export function separateInk(picture: Raster): SeparatedInk {
  const shares = againstWhite(picture);
  const { brightest, colour, underCovering } = shares;
  const factors = [0, 1, 2].map((channel) => inkFactor(channel, brightest, underCovering, colour));
  const underThin = underCovering.map((most, pixel) =>
    Math.min(255, most + (factors[brightest[pixel] as number] as number) * (colour[pixel] as number)),
  );
  return { ...shares, underThin };
}

/** What of a picture's ink is told by its brightest and its darkest channel against the local white. */
export function againstWhite(picture: Raster): Omit<SeparatedInk, 'underThin'> {
  const { width, height, data } = picture;
  const white = localWhite(picture);
  const brightest = new Uint8Array(width * height);
  const underCovering = new Uint8Array(width * height);
  const colour = new Uint8Array(width * height);
  for (let pixel = 0, at = 0; pixel < width * height; pixel++) {
    let least = 1;
    let most = 0;
    for (let channel = 0; channel < 3; channel++, at++) {
      const share = Math.min(1, (data[at] as number) / (white[at] as number));
      if (share < least) least = share;
      if (share > most) {
        most = share;
        brightest[pixel] = channel;
      }
    }
    underCovering[pixel] = 255 * most;
    colour[pixel] = 255 * (most - least);
  }
  return { white, brightest, underCovering, colour };
}

/** What part of the channels' difference gives back the paper below ink that leaves this channel the brightest. */
function inkFactor(channel: number, brightest: Uint8Array, most: Uint8Array, colour: Uint8Array): number {
  const counts = new Uint32Array(3 * STEPS);
  let total = 0;
  for (let pixel = 0; pixel < colour.length; pixel++) {
    const difference = colour[pixel] as number;
    if (difference < 255 * CLEAR_COLOUR || brightest[pixel] !== channel) continue;
    const step = Math.min(counts.length - 1, Math.floor((STEPS * (255 - (most[pixel] as number))) / difference));
    counts[step] = (counts[step] as number) + 1;
    total++;
  }
  if (total < LEAST_SHARE * colour.length) return THIN_INK;
  let below = 0;
  let step = 0;
  for (; step < counts.length && below <= NO_PRINT * total; step++) below += counts[step] as number;
  return Math.min(DARK_INK, Math.max(THIN_INK, step / STEPS));
}
