import { lumaOf } from '../quality/luma.ts';
import { greyRaster, type Raster } from '../raster.ts';
import { filterTiles, TILE } from './filter-tiles.ts';

/** Frequencies that are looked at, from this many cycles a pixel on: below lie the rows of print themselves. */
const LOWEST = 0.025;
/** Steps of frequency each way that a frequency's power is compared with. */
const AROUND = 7;
/** A power this many times that around it is a grid's, not print's. */
const PEAK = 9;

/**
 * A grey copy of a picture of a screen without the screen's grid and what it beats with: single frequencies that stand out
 * of what is around them in the spectrum are taken down to it. Print has power at all frequencies and stays. Light counts
 * by its logarithm: a grid darkens print as it darkens paper.
 */
export function withoutGrid(picture: Raster): Raster {
  const { width, height } = picture;
  const whole = { left: 0, top: 0, right: width, bottom: height };
  const logarithm = lumaOf(picture).map((level) => TO_LOGARITHM[level] as number);
  const filtered = filterTiles(logarithm, width, height, [whole], flatten);
  return greyRaster(
    filtered.map((level) => FROM_LOGARITHM[level] as number),
    width,
    height,
  );
}

const DARKEST = 12;
const SPAN = Math.log((255 + DARKEST) / DARKEST);
const TO_LOGARITHM = Uint8Array.from({ length: 256 }, (_, level) =>
  Math.round((255 * Math.log((level + DARKEST) / DARKEST)) / SPAN),
);
const FROM_LOGARITHM = Uint8Array.from({ length: 256 }, (_, level) =>
  Math.round(DARKEST * (Math.exp((level / 255) * SPAN) - 1)),
);

/** Takes peaks of a spectrum down to what is around them. */
function flatten(real: Float64Array, imaginary: Float64Array): void {
  const power = new Float64Array(TILE * TILE);
  for (let v = 0, at = 0; v < TILE; v++) {
    const opposite = ((TILE - v) % TILE) * TILE;
    for (let u = 0; u < TILE; u++, at++) {
      const there = opposite + ((TILE - u) % TILE);
      const here = (real[at] as number) ** 2 + (imaginary[at] as number) ** 2;
      power[at] = Math.log(here + (real[there] as number) ** 2 + (imaginary[there] as number) ** 2 + 1);
    }
  }
  const around = meanAround(meanAround(power, 1, TILE), TILE, 1);
  for (let v = 0, at = 0; v < TILE; v++) {
    const fv = (v < TILE / 2 ? v : v - TILE) / TILE;
    for (let u = 0; u < TILE; u++, at++) {
      const fu = (u < TILE / 2 ? u : u - TILE) / TILE;
      const above = (power[at] as number) - (around[at] as number);
      if (above < LOG_PEAK || Math.hypot(fu, fv) < LOWEST) continue;
      const gain = Math.exp(-above / 2);
      real[at] = (real[at] as number) * gain;
      imaginary[at] = (imaginary[at] as number) * gain;
    }
  }
}

const LOG_PEAK = Math.log(PEAK);

/** The mean of each value's neighbours along one axis; the axis is a ring, as frequencies are. */
function meanAround(values: Float64Array, stride: number, lineStride: number): Float64Array {
  const mean = new Float64Array(values.length);
  for (let line = 0; line < TILE; line++) {
    const start = line * lineStride;
    let sum = 0;
    for (let place = -AROUND; place <= AROUND; place++) {
      sum += values[start + ((place + TILE) % TILE) * stride] as number;
    }
    for (let place = 0; place < TILE; place++) {
      mean[start + place * stride] = sum / (2 * AROUND + 1);
      sum += values[start + ((place + AROUND + 1) % TILE) * stride] as number;
      sum -= values[start + ((place - AROUND + TILE) % TILE) * stride] as number;
    }
  }
  return mean;
}
