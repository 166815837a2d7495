import { lumaOf } from '../quality/luma.ts';
import { greyRaster, type Raster } from '../raster.ts';
import { type BandDirections, findBandDirections } from './band-directions.ts';
import { closing } from './closing.ts';
import { boxMeans, type Plane, valueBetween } from './plane.ts';

/** Half the width of the widest band that is taken off, pixels. */
const WIDEST = 8;
/** Brightness, against that around, below which a pixel may lie in a band; and below which it is a band's or print's. */
const NOT_BRIGHT = 0.92;
const DARK = 0.82;
/** Radius of the square in which the paper's brightness is told, pixels. */
const PAPER = 24;
/** Steps along a band each way, and pixels a step: over four rows of print, so that most of the way holds none. */
const STEPS = 16;
const STEP = 3;
/** What is darker than this share of its band's mean is print. */
const PRINT = 0.85;
/** What a band left less of than a part in this many is lost in noise. */
const MOST_GAIN = 4;

/**
 * A grey copy of a picture of a screen without the dark bands that the screen's pixels and the camera's make. A band is long
 * along its own direction and print is not: how bright the paper is within a band is told along it, and the band made as
 * bright as the paper beside it, with the print that lies in it. Bands may be curved; what is wider than 17 pixels stays.
 */
export function withoutBands(picture: Raster): Raster {
  const { width, height } = picture;
  const plane = (data: Float32Array): Plane => ({ width, height, data });
  const luma = Float32Array.from(lumaOf(picture));
  const smooth = boxMeans(plane(luma), 1);
  const filled = closing(plane(smooth), WIDEST);
  const share = plane(smooth.map((level, at) => level / Math.max(1, filled[at] as number)));
  const fine = plane(luma.map((level, at) => level / Math.max(1, filled[at] as number)));
  const paper = meanOfBright(share);
  const followed = followBands(findBandDirections(share), share, fine);
  const lit = new Uint8Array(luma.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const level = luma[at] as number;
      const isBright = (share.data[at] as number) > NOT_BRIGHT;
      const gain = isBright ? 1 : Math.min(MOST_GAIN, Math.max(1, (paper[at] as number) / followed(x, y)));
      lit[at] = Math.min(255, level * gain + 0.5);
    }
  }
  return greyRaster(lit, width, height);
}

/** The mean around each value of those that are no band's and no print's. */
function meanOfBright({ width, height, data }: Plane): Float32Array {
  const weights = data.map((value) => (value > DARK ? 1 : 1e-3));
  const sums = boxMeans({ width, height, data: data.map((value, at) => value * (weights[at] as number)) }, PAPER);
  const counts = boxMeans({ width, height, data: weights }, PAPER);
  return sums.map((sum, at) => sum / (counts[at] as number));
}

/** Gives the mean brightness of what is not print along the band through a pixel: print is told by the smoothed plane. */
function followBands(
  { alongX, alongY, cell, columns }: BandDirections,
  smooth: Plane,
  fine: Plane,
): (x: number, y: number) => number {
  const { width, height } = fine;
  const levels = new Float32Array(2 * STEPS + 1);
  const values = new Float32Array(2 * STEPS + 1);
  return (fromX, fromY) => {
    const start = fromY * width + fromX;
    let sum = smooth.data[start] as number;
    let count = 1;
    levels[0] = sum;
    values[0] = fine.data[start] as number;
    for (let way = -1; way <= 1; way += 2) {
      let x = fromX;
      let y = fromY;
      let stepX = 0;
      let stepY = 0;
      for (let step = 0; step < STEPS; step++) {
        const at = Math.floor(y / cell) * columns + Math.floor(x / cell);
        const dx = alongX[at] as number;
        const dy = alongY[at] as number;
        // A direction has no sense: the way goes on as it came.
        const turn = step === 0 ? way * STEP : dx * stepX + dy * stepY < 0 ? -STEP : STEP;
        stepX = turn * dx;
        stepY = turn * dy;
        x += stepX;
        y += stepY;
        if (x < 0 || y < 0 || x >= width - 1 || y >= height - 1) break;
        const level = smooth.data[Math.round(y) * width + Math.round(x)] as number;
        sum += level;
        levels[count] = level;
        values[count++] = valueBetween(fine, x, y);
      }
    }
    const least = (PRINT * sum) / count;
    let kept = 0;
    let total = 0;
    for (let index = 0; index < count; index++) {
      if ((levels[index] as number) < least) continue;
      kept++;
      total += values[index] as number;
    }
    return total / kept;
  };
}
