import { applyHomography, type Homography } from '../text-lines/homography.ts';
import { blendPixel } from './blend-pixel.ts';
import type { Raster, RasterPyramid } from './raster.ts';
import { columnsOf, sampleUprightRow } from './sample-upright.ts';

/**
 * Cuts a width x height picture out of another through a projective map, bilinear, edge pixels repeated outside.
 * `map` takes target coordinates to source coordinates, both measured from the corner (a first pixel's centre is
 * 0.5, 0.5). Far below the source's size it samples a halved copy, so that thin strokes do not alias away.
 */
export function sampleRaster(pyramid: RasterPyramid, map: Homography, width: number, height: number): Raster {
  const scale = scaleAtCentre(map, width, height);
  const level = Math.max(0, Math.floor(Math.log2(Math.max(scale, 1e-6))));
  const source = pyramid.level(level);
  const shrink = 1 / 2 ** level;
  const data = new Uint8Array(width * height * 3);
  const target = { width, height, data };
  // Between two levels up to 2 source pixels fall on a target pixel: two taps a direction average them.
  if (scale * shrink <= 1.2) samplerOf(source, map, shrink, width)(map, target);
  else averageTaps(source, map, shrink, target);
  return target;
}

/** Source pixels per target pixel in the middle of the target, the larger of the two directions. */
function scaleAtCentre(map: Homography, width: number, height: number): number {
  const centre = { x: width / 2, y: height / 2 };
  const here = applyHomography(map, centre);
  const right = applyHomography(map, { x: centre.x + 1, y: centre.y });
  const below = applyHomography(map, { x: centre.x, y: centre.y + 1 });
  return Math.max(Math.hypot(right.x - here.x, right.y - here.y), Math.hypot(below.x - here.x, below.y - here.y));
}

/** Samples a target's rows through a map; the maps of one sampler differ in where the rows begin alone. */
type Sampler = (map: Homography, target: Raster) => void;

function samplerOf(source: Raster, map: Homography, shrink: number, width: number): Sampler {
  const [a, b, c, d, , , g, h, i] = map;
  if (b !== 0 || d !== 0 || g !== 0 || h !== 0) return (rows, target) => sampleOnce(source, rows, shrink, target);
  const columns = columnsOf(source, a, c, shrink / i, width);
  return ([, , , , e, f], target) => {
    for (let y = 0; y < target.height; y++) {
      sampleUprightRow(source, columns, (e * (y + 0.5) + f) * (shrink / i) - 0.5, target.data, y * width * 3);
    }
  };
}

/** The inner loop of everything that reads pixels: no allocation, all channels in one go. */
function sampleOnce(source: Raster, map: Homography, shrink: number, target: Raster): void {
  const { width, height, data } = source;
  const [a, b, c, d, e, f, g, h, i] = map;
  const output = target.data;
  const lastX = width - 1;
  const lastY = height - 1;
  let at = 0;
  for (let y = 0; y < target.height; y++) {
    const ty = y + 0.5;
    const rowX = b * ty + c;
    const rowY = e * ty + f;
    const rowW = h * ty + i;
    for (let x = 0; x < target.width; x++, at += 3) {
      const tx = x + 0.5;
      const k = shrink / (g * tx + rowW);
      let sx = (a * tx + rowX) * k - 0.5;
      let sy = (d * tx + rowY) * k - 0.5;
      // Written so that NaN (a point at infinity) falls to 0 too.
      sx = sx > 0 ? Math.min(sx, lastX) : 0;
      sy = sy > 0 ? Math.min(sy, lastY) : 0;
      const x0 = sx | 0;
      const y0 = sy | 0;
      const fx = sx - x0;
      const fy = sy - y0;
      const p00 = (y0 * width + x0) * 3;
      const p01 = p00 + (x0 < lastX ? 3 : 0);
      const down = y0 < lastY ? width * 3 : 0;
      const p10 = p00 + down;
      const p11 = p01 + down;
      blendPixel(data, p00, p01, p10, p11, fx, fy, output, at);
    }
  }
}

/** Samples at twice the target's size and halves the result. */
function averageTaps(source: Raster, map: Homography, shrink: number, target: Raster): void {
  const [a, b, c, d, e, f, g, h, i] = map;
  const half: Homography = [a / 2, b / 2, c, d / 2, e / 2, f, g / 2, h / 2, i];
  const double = { width: target.width * 2, height: 2, data: new Uint8Array(target.width * 2 * 2 * 3) };
  const sample = samplerOf(source, half, shrink, double.width);
  for (let y = 0; y < target.height; y++) {
    // Rows 2y and 2y+1 of the doubled picture: shift the map's origin down by 2y.
    const shifted: Homography = [
      half[0],
      half[1],
      half[2] + half[1] * 2 * y,
      half[3],
      half[4],
      half[5] + half[4] * 2 * y,
      half[6],
      half[7],
      half[8] + half[7] * 2 * y,
    ];
    sample(shifted, double);
    const row = double.data;
    const below = double.width * 3;
    let at = y * target.width * 3;
    for (let x = 0; x < target.width; x++) {
      for (let channel = 0; channel < 3; channel++, at++) {
        const p = x * 6 + channel;
        target.data[at] =
          ((row[p] as number) +
            (row[p + 3] as number) +
            (row[p + below] as number) +
            (row[p + below + 3] as number) +
            2) >>
          2;
      }
    }
  }
}
