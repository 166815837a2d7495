import type { Raster } from '../raster.ts';
import { localWhite } from './local-white.ts';

/**
 * Ink that is thin takes its own share of each channel from whatever lies below it: of the blue, violet and red of stamps
 * this much of what the channels differ by, added to the brightest one, gives back what is below.
 */
const THIN_INK = 0.55;

/** A picture's ink by kind, a byte a pixel. */
export interface SeparatedInk {
  /** What light black print alone leaves of the local white, in 255ths, where the ink over it is thin. */
  readonly underThin: Uint8Array;
  /** The same where that ink covers: what lies below is not lighter than the brightest channel. */
  readonly underCovering: Uint8Array;
  /** By how much the channels differ against the local white, in 255ths: coloured ink. */
  readonly colour: Uint8Array;
}

/** Tells black print from coloured ink by what each leaves of the local white in red, green and blue. */
export function separateInk(picture: Raster): SeparatedInk {
  const { width, height, data } = picture;
  const white = localWhite(picture);
  const underThin = new Uint8Array(width * height);
  const underCovering = new Uint8Array(width * height);
  const colour = new Uint8Array(width * height);
  for (let pixel = 0, at = 0; pixel < width * height; pixel++) {
    let least = 1;
    let most = 0;
    for (let channel = 0; channel < 3; channel++, at++) {
      const share = Math.min(1, (data[at] as number) / (white[at] as number));
      if (share < least) least = share;
      if (share > most) most = share;
    }
    underThin[pixel] = Math.min(255, 255 * (most + THIN_INK * (most - least)));
    underCovering[pixel] = 255 * most;
    colour[pixel] = 255 * (most - least);
  }
  return { underThin, underCovering, colour };
}
