import { transformPlane } from '../fourier.ts';
import { lumaOf } from '../quality/luma.ts';
import type { Raster } from '../raster.ts';

/**
 * What a point became: a stroke of a moving camera, or a disc out of focus; pixels and radians. A stroke may bend: its ends
 * lie off its middle by `bend` of its length.
 */
export type BlurKernel =
  | { readonly kind: 'motion'; readonly length: number; readonly angle: number; readonly bend?: number }
  | { readonly kind: 'disc'; readonly radius: number };

/** A rectangle of a picture that is to be sharpened, pixels. */
export interface SharpenedBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Side of the squares that are sharpened at a time, and their rim that is thrown away (it sees the square's edge). */
const TILE = 256;
const RIM = 32;
/** Noise against the signal's power (Wiener 1949). */
const NOISE = 0.02;

/**
 * A grey copy of a picture, sharpened against a kernel by a Wiener filter where one of the boxes lies; the rest is as it
 * was.
 */
export function deblur(picture: Raster, kernel: BlurKernel, boxes: readonly SharpenedBox[]): Raster {
  const { width, height } = picture;
  const luma = lumaOf(picture);
  const sharp = luma.slice();
  const filter = wienerFilter(kernel);
  const core = TILE - 2 * RIM;
  const tiles: { x: number; y: number }[] = [];
  for (let y = 0; y < height; y += core) {
    for (let x = 0; x < width; x += core) {
      const wanted = boxes.some(
        ({ left, top, right, bottom }) => left < x + core && right > x && top < y + core && bottom > y,
      );
      if (wanted) tiles.push({ x, y });
    }
  }
  // Two tiles a transform, one in each part: the kernel is real.
  for (let index = 0; index < tiles.length; index += 2) {
    const first = tiles[index];
    if (!first) continue;
    const second = tiles[index + 1] ?? first;
    const real = cutTile(luma, width, height, first);
    const imaginary = cutTile(luma, width, height, second);
    transformPlane(real.values, imaginary.values, TILE, TILE);
    applyFilter(real.values, imaginary.values, filter);
    // The inverse transform by the forward one: real and imaginary parts exchanged.
    transformPlane(imaginary.values, real.values, TILE, TILE);
    putTile(sharp, width, height, first, real);
    putTile(sharp, width, height, second, imaginary);
  }
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0, at = 0; pixel < sharp.length; pixel++, at += 3) data.fill(sharp[pixel] as number, at, at + 3);
  return { width, height, data };
}

interface Tile {
  readonly values: Float64Array;
  readonly mean: number;
}

function cutTile(luma: Uint8Array, width: number, height: number, { x, y }: { x: number; y: number }): Tile {
  const values = new Float64Array(TILE * TILE);
  let sum = 0;
  for (let row = 0, at = 0; row < TILE; row++) {
    const from = Math.min(height - 1, Math.max(0, y - RIM + row)) * width;
    for (let column = 0; column < TILE; column++, at++) {
      const value = luma[from + Math.min(width - 1, Math.max(0, x - RIM + column))] as number;
      values[at] = value;
      sum += value;
    }
  }
  const mean = sum / values.length;
  for (let row = 0, at = 0; row < TILE; row++) {
    for (let column = 0; column < TILE; column++, at++) {
      values[at] = ((values[at] as number) - mean) * (FADE[row] as number) * (FADE[column] as number);
    }
  }
  return { values, mean };
}

/** Fades a tile's rim out, so that its opposite edges meet. */
const FADE = Float64Array.from({ length: TILE }, (_, index) => {
  const inside = Math.min(index, TILE - 1 - index);
  return inside >= RIM / 2 ? 1 : 0.5 - 0.5 * Math.cos((Math.PI * (inside + 0.5)) / (RIM / 2));
});

function putTile(
  target: Uint8Array,
  width: number,
  height: number,
  { x, y }: { x: number; y: number },
  { values, mean }: Tile,
): void {
  const scale = 1 / (TILE * TILE);
  for (let row = RIM; row < TILE - RIM && y + row - RIM < height; row++) {
    const to = (y + row - RIM) * width;
    for (let column = RIM; column < TILE - RIM && x + column - RIM < width; column++) {
      const value = (values[row * TILE + column] as number) * scale + mean;
      target[to + x + column - RIM] = value < 0 ? 0 : value > 255 ? 255 : value + 0.5;
    }
  }
}

interface Filter {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

function wienerFilter(kernel: BlurKernel): Filter {
  const real = kernelPlane(kernel);
  const imaginary = new Float64Array(real.length);
  transformPlane(real, imaginary, TILE, TILE);
  for (let at = 0; at < real.length; at++) {
    const re = real[at] as number;
    const im = imaginary[at] as number;
    const power = re * re + im * im + NOISE;
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
