import type { Raster } from '../raster.ts';
import { powerSpectrum } from './spectrum.ts';

/** Side of the square that is looked at, pixels: a power of two. */
export const MOIRE_TILE = 128;
/** Band of frequencies in cycles per pixel: print and background pattern are below, the sampling's end above. */
const LOW = 0.12;
const HIGH = 0.48;

/**
 * How far single frequencies stand out of a square's spectrum, as a ratio of power: a screen's pixel grid beats with
 * the camera's and leaves sharp peaks, print and noise do not. Looks at the colour difference red - green, which
 * print hardly has.
 */
export function moirePeak(tile: Raster): number {
  const side = MOIRE_TILE;
  const plane = new Float64Array(side * side);
  for (let pixel = 0, at = 0; pixel < plane.length; pixel++, at += 3) {
    plane[pixel] = (tile.data[at] as number) - (tile.data[at + 1] as number);
  }
  const power = powerSpectrum(plane, side);
  let peak = 0;
  for (const ring of RINGS) {
    const values = new Float64Array(ring.length);
    for (let place = 0; place < ring.length; place++) values[place] = power[ring[place] as number] as number;
    values.sort();
    const middle = values[values.length >> 1] ?? 0;
    peak = Math.max(peak, (values.at(-1) ?? 0) / Math.max(middle, 1e-3 * side * side));
  }
  return peak;
}

/** Places of the spectrum by rings, since natural power falls with frequency. */
const RINGS: readonly Uint32Array[] = ringsOf(MOIRE_TILE);

function ringsOf(side: number): Uint32Array[] {
  const rings: number[][] = [];
  for (let v = 0; v < side; v++) {
    for (let u = 0; u <= side / 2; u++) {
      const fv = (v <= side / 2 ? v : v - side) / side;
      const radius = Math.hypot(u / side, fv);
      if (radius < LOW || radius > HIGH) continue;
      // JPEG's block grid has peaks of its own on the axes.
      if (u <= 1 || Math.abs(fv) * side <= 1) continue;
      const ring = Math.round(radius * 24);
      const places = rings[ring] ?? [];
      places.push(v * side + u);
      rings[ring] = places;
    }
  }
  return rings.filter((places) => places.length > 0).map((places) => Uint32Array.from(places));
}
