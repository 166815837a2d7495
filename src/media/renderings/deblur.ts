import { transformPlane } from '../fourier.ts';
import { lumaOf } from '../quality/luma.ts';
import { type EdgeBox, greyRaster, type Raster } from '../raster.ts';
import { filterTiles, TILE } from './filter-tiles.ts';

/**
 * What a point became: a stroke of a moving camera, or a disc out of focus; pixels and radians. A stroke may bend: its ends
 * lie off its middle by `bend` of its length. `noise` is the picture's noise against its signal's power (Wiener 1949),
 * `NOISE` where it is not known.
 */
export type BlurKernel = { readonly noise?: number } & (
  | { readonly kind: 'motion'; readonly length: number; readonly angle: number; readonly bend?: number }
  | { readonly kind: 'disc'; readonly radius: number }
);

/** That of a phone's picture in poor light. */
const NOISE = 0.02;

/**
 * A grey copy of a picture, sharpened against a kernel by a Wiener filter where one of the boxes lies; the rest is as it
 * was.
 */
export function deblur(picture: Raster, kernel: BlurKernel, boxes: readonly EdgeBox[]): Raster {
  const { width, height } = picture;
  const filter = wienerFilter(kernel);
  const sharp = filterTiles(lumaOf(picture), width, height, boxes, (real, imaginary) =>
    applyFilter(real, imaginary, filter),
  );
  return greyRaster(sharp, width, height);
}

interface Filter {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

function wienerFilter(kernel: BlurKernel): Filter {
  const noise = kernel.noise ?? NOISE;
  const real = kernelPlane(kernel);
  const imaginary = new Float64Array(real.length);
  transformPlane(real, imaginary, TILE, TILE);
  for (let at = 0; at < real.length; at++) {
    const re = real[at] as number;
    const im = imaginary[at] as number;
    const power = re * re + im * im + noise;
    real[at] = re / power;
    imaginary[at] = -im / power;
  }
  return { real, imaginary };
}

function applyFilter(real: Float64Array, imaginary: Float64Array, filter: Filter): void {
  for (let at = 0; at < real.length; at++) {
    const re = real[at] as number;
    const im = imaginary[at] as number;
    const a = filter.real[at] as number;
    const b = filter.imaginary[at] as number;
    real[at] = re * a - im * b;
    imaginary[at] = re * b + im * a;
  }
}

/** The kernel around the plane's corner, as a transform wants it, summing to 1. */
function kernelPlane(kernel: BlurKernel): Float64Array {
  const plane = new Float64Array(TILE * TILE);
  const add = (dx: number, dy: number, weight: number): void => {
    const x0 = Math.floor(dx);
    const y0 = Math.floor(dy);
    for (const [x, y, share] of [
      [x0, y0, (1 - dx + x0) * (1 - dy + y0)],
      [x0 + 1, y0, (dx - x0) * (1 - dy + y0)],
      [x0, y0 + 1, (1 - dx + x0) * (dy - y0)],
      [x0 + 1, y0 + 1, (dx - x0) * (dy - y0)],
    ] as const) {
      const at = ((y + TILE) % TILE) * TILE + ((x + TILE) % TILE);
      plane[at] = (plane[at] as number) + weight * share;
    }
  };
  if (kernel.kind === 'motion') {
    const steps = Math.max(2, Math.ceil(kernel.length * 2));
    for (let step = 0; step <= steps; step++) {
      const along = (step / steps - 0.5) * kernel.length;
      // About its centre, so that nothing moves.
      const aside = (kernel.bend ?? 0) * kernel.length * (((2 * step) / steps - 1) ** 2 - 1 / 3);
      const [cos, sin] = [Math.cos(kernel.angle), Math.sin(kernel.angle)];
      add(along * cos - aside * sin, along * sin + aside * cos, 1);
    }
  } else {
    const reach = Math.ceil(kernel.radius);
    for (let y = -reach; y <= reach; y += 0.5) {
      for (let x = -reach; x <= reach; x += 0.5) if (Math.hypot(x, y) <= kernel.radius) add(x, y, 1);
    }
  }
  const total = plane.reduce((sum, value) => sum + value, 0);
  return plane.map((value) => value / total);
}
