import { median } from '../../text-lines/median.ts';
import { type EdgeBox, greyRaster, type Raster } from '../raster.ts';
import { separateInk } from './separate-ink.ts';

/** Against the local white: ink below the first stays black, what is above the second becomes white. */
export interface Tone {
  readonly black: number;
  readonly white: number;
}

const HARD: Tone = { black: 0.25, white: 0.62 };
/** Faint strokes stay, and what is left of ink. */
export const SOFT: Tone = { black: 0.2, white: 0.8 };
/** Thin print of few pixels is less dark than this against its white: then the second is as much higher. */
const DARK_PRINT = 0.3;
const HIGHEST_WHITE = 0.85;
/** Share of a line's pixels that are its strokes' middles. */
const STROKE_QUANTILE = 0.06;

/**
 * The black print of a card alone: each channel against the local white, coloured ink taken off, through a tone curve.
 * Coloured stamps, grey words written across and the background's pattern become white. The curve goes by how dark the
 * print in `print` is; without any it is made for print of full size. The edge of a hard shadow may leave a line.
 */
export function inkAlone(picture: Raster, print: readonly EdgeBox[] = []): Raster {
  return printAlone(separateInk(picture).underThin, picture, print);
}

/** The same of ink that is separated already. @param shares of the local white that print leaves, a byte a pixel */
export function printAlone(
  shares: Uint8Array,
  { width, height }: Pick<Raster, 'width' | 'height'>,
  print: readonly EdgeBox[],
  tone = HARD,
): Raster {
  const curve = toneCurve(darknessOf(shares, width, height, print), tone);
  return greyRaster(
    shares.map((share) => curve[share] as number),
    width,
    height,
  );
}

/** How dark the strokes of print are against its white: the middle of some lines'. */
function darknessOf(shares: Uint8Array, width: number, height: number, print: readonly EdgeBox[]): number {
  const darkness = print.map((box) => {
    const right = Math.min(width, Math.ceil(box.right));
    const bottom = Math.min(height, Math.ceil(box.bottom));
    const counts = new Uint32Array(256);
    let total = 0;
    for (let y = Math.max(0, Math.floor(box.top)); y < bottom; y++) {
      for (let x = Math.max(0, Math.floor(box.left)); x < right; x++, total++) {
        const level = shares[y * width + x] as number;
        counts[level] = (counts[level] as number) + 1;
      }
    }
    let below = 0;
    let level = 0;
    for (; level < 255 && below <= STROKE_QUANTILE * total; level++) below += counts[level] as number;
    return level / 255;
  });
  return median(darkness);
}

/** By 255ths of the local white. */
function toneCurve(darkness: number, tone: Tone): Uint8Array {
  const lift = Math.max(0, darkness - DARK_PRINT);
  const white = Math.min(HIGHEST_WHITE, tone.white + lift);
  const black = tone.black + Math.min(lift, HIGHEST_WHITE - tone.white);
  return Uint8Array.from({ length: 256 }, (_, index) => {
    const t = Math.min(1, Math.max(0, (index / 255 - black) / (white - black)));
    return Math.round(255 * t * t * (3 - 2 * t));
  });
}
