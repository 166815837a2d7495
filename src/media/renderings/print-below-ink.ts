import type { EdgeBox, Raster } from '../raster.ts';
import { densityOf, smoothShares } from './ink-densities.ts';
import { findInks, greyOf, type InkHue } from './ink-hues.ts';

/** An ink's share of both hues that are told apart is small against this where they are about the same. */
const LEAST_ANGLE = 0.05;

/**
 * What light black print alone leaves of the local white, in 255ths, a byte a pixel: the coloured inks over `text` (but for
 * the `photo`) are taken off by their densities. Null where nothing is coloured.
 *
 * Inks lie over print and over each other as filters do: each lets its own share of red, green and blue through of what is
 * left, so that the logarithms of what they take add up (Beer 1852; as stains are told apart under a microscope, Ruifrok and
 * Johnston 2001). Print takes the same of each channel, so the hue tells how much ink there is, and two inks that cross are
 * as much of one and as much of the other. Pictures keep colour at half their resolution: how much of a place's darkness is
 * ink is told by its surroundings, the darkness itself by the pixel.
 * @param white what each pixel would be without ink: see localWhite
 */
export function printBelowInk(
  picture: Raster,
  white: Float32Array,
  { photo, text }: { readonly text: EdgeBox; readonly photo: EdgeBox },
): Uint8Array | null {
  const { data, height, width } = picture;
  const shares = new Uint8Array(data.length);
  for (let at = 0; at < shares.length; at++) {
    shares[at] = Math.min(255, (255 * (data[at] as number)) / (white[at] as number));
  }
  const smooth = smoothShares(shares, width, height);
  const inks = findInks({ width, height, data: smooth }, text, photo);
  if (inks.length === 0) return null;
  const densityOfInk = inkDensity(inks);
  const print = new Uint8Array(width * height);
  for (let pixel = 0, at = 0; pixel < print.length; pixel++, at += 3) {
    const dark = densityOf(shares, at).grey;
    const { grey, x, y } = densityOf(smooth, at);
    const ofInk = grey > 0 ? Math.min(1, densityOfInk(x, y) / grey) : 0;
    print[pixel] = Math.round(255 * Math.exp(-dark * (1 - ofInk)));
  }
  return print;
}

/** How dark the ink is whose colour a pixel has: two inks' share of it, or that of the nearer one. */
function inkDensity([first, second]: readonly InkHue[]): (x: number, y: number) => number {
  if (!first) return () => 0;
  const along = (hue: InkHue, x: number, y: number): number => greyOf(hue, x * hue.x + y * hue.y);
  if (!second) return (x, y) => along(first, x, y);
  const across = first.x * second.y - first.y * second.x;
  return (x, y) => {
    const ofFirst = (x * second.y - y * second.x) / across;
    const ofSecond = (first.x * y - first.y * x) / across;
    if (Math.abs(across) > LEAST_ANGLE && ofFirst >= 0 && ofSecond >= 0) {
      return greyOf(first, ofFirst) + greyOf(second, ofSecond);
    }
    const isFirst = x * first.x + y * first.y >= x * second.x + y * second.y;
    return along(isFirst ? first : second, x, y);
  };
}
