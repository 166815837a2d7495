import { transformPlane } from '../fourier.ts';
import { lumaOf } from '../quality/luma.ts';
import type { EdgeBox, Raster } from '../raster.ts';
import type { BlurKernel } from './deblur.ts';

/** A kernel, and how well it explains the gaps of a picture's spectrum: -1 to 1, below 0.25 where nothing is blurred. */
export interface EstimatedBlur {
  readonly kernel: BlurKernel;
  readonly fit: number;
}

/** Side of the squares whose spectra are summed, pixels. */
const TILE = 128;
/** Squares that are looked at at most: more tell no more. */
const MOST_TILES = 48;
/** Frequencies that are compared, cycles a pixel: below lies the rows' own pattern, above the noise. */
const LOWEST = 0.035;
const HIGHEST = 0.25;
/** Rows and columns of letters have their own power along the axes. */
const AXIS = 0.008;
/** Print's own slope is taken off by the mean around a frequency, this many steps each way. */
const AROUND = 5;
/** Frequencies each way of the middle that the mean needs. */
const REACH = Math.ceil(HIGHEST * TILE) + AROUND;
const SIDE = 2 * REACH + 1;
/** Gaps are as deep as noise lets them be. */
const FLOOR = 0.02;

const LENGTHS = Array.from({ length: 14 }, (_, step) => 4 * 1.15 ** step);
const ANGLES = Array.from({ length: 24 }, (_, step) => (step * Math.PI) / 24);
const RADII = Array.from({ length: 13 }, (_, step) => 2 * 1.13 ** step);
/** What is tried around the best one. */
const TURNS = [-5, -2.5, 0, 2.5, 5].map((degrees) => (degrees * Math.PI) / 180);
const STRETCHES = [0.9, 0.95, 1, 1.05, 1.1];

/**
 * The kernel that blurred a picture, told by its spectrum: motion and defocus take out frequencies in stripes and rings of
 * their own (Cannon 1976), whatever the picture shows. Null where there is too little to tell by.
 */
export function estimateBlur(picture: Raster, boxes: readonly EdgeBox[]): EstimatedBlur | null {
  const spectrum = logSpectrum(picture, boxes);
  if (!spectrum) return null;
  const seen = atBand(withoutSlope(spectrum));
  let best: EstimatedBlur | null = null;
  const offer = (kernel: BlurKernel, template: Float32Array): void => {
    const fit = correlation(seen, template);
    if (!best || fit > best.fit) best = { kernel, fit };
  };
  for (const { kernel, template } of coarseTemplates()) offer(kernel, template);
  const rough = (best as EstimatedBlur | null)?.kernel;
  if (rough?.kind === 'motion') {
    for (const turn of TURNS) {
      for (const stretch of STRETCHES) {
        const kernel: BlurKernel = { kind: 'motion', length: rough.length * stretch, angle: rough.angle + turn };
        offer(kernel, templateOf(kernel));
      }
    }
  } else if (rough) {
    for (const stretch of STRETCHES) {
      const kernel: BlurKernel = { kind: 'disc', radius: rough.radius * stretch };
      offer(kernel, templateOf(kernel));
    }
  }
  return best;
}

/** Logarithm of the power of a picture's text, around frequency 0; null without text. */
function logSpectrum(picture: Raster, boxes: readonly EdgeBox[]): Float64Array | null {
  const { width, height } = picture;
  const tiles: { x: number; y: number }[] = [];
  for (let y = 0; y + TILE / 2 < height; y += TILE / 2) {
    for (let x = 0; x + TILE / 2 < width; x += TILE / 2) {
      const centre = { x: x + TILE / 2, y: y + TILE / 2 };
      const text = boxes.some(
        ({ left, top, right, bottom }) =>
          left < centre.x && right > centre.x && top < centre.y + TILE / 4 && bottom > centre.y - TILE / 4,
      );
      if (text) tiles.push({ x, y });
    }
  }
  if (tiles.length === 0) return null;
  const step = Math.max(1, tiles.length / MOST_TILES);
  const luma = lumaOf(picture);
  const power = new Float64Array(SIDE * SIDE);
  for (let index = 0; index < tiles.length; index += 2 * step) {
    // Two squares a transform, one in each part: the powers at a frequency and at its opposite add up to both squares'.
    const first = tiles[Math.floor(index)];
    const second = tiles[Math.floor(index + step)];
    if (!first) continue;
    const real = cutTile(luma, width, height, first);
    const imaginary = second ? cutTile(luma, width, height, second) : new Float64Array(TILE * TILE);
    transformPlane(real, imaginary, TILE, TILE);
    for (let v = -REACH, at = 0; v <= REACH; v++) {
      for (let u = -REACH; u <= REACH; u++, at++) {
        const here = ((v + TILE) % TILE) * TILE + ((u + TILE) % TILE);
        const there = ((TILE - v) % TILE) * TILE + ((TILE - u) % TILE);
        power[at] = (power[at] as number) + (powerAt(real, imaginary, here) + powerAt(real, imaginary, there)) / 2;
      }
    }
  }
  return power.map((value) => Math.log(value + 1));
}

function powerAt(real: Float64Array, imaginary: Float64Array, index: number): number {
  return (real[index] as number) ** 2 + (imaginary[index] as number) ** 2;
}

const WINDOW = Float64Array.from(
  { length: TILE },
  (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (index + 0.5)) / TILE),
);

function cutTile(luma: Uint8Array, width: number, height: number, { x, y }: { x: number; y: number }): Float64Array {
  const values = new Float64Array(TILE * TILE);
  let sum = 0;
  for (let row = 0, at = 0; row < TILE; row++) {
    const from = Math.min(height - 1, y + row) * width;
    for (let column = 0; column < TILE; column++, at++) {
      const value = luma[from + Math.min(width - 1, x + column)] as number;
      values[at] = value;
      sum += value;
    }
  }
  const mean = sum / values.length;
  return values.map(
    (value, at) => (value - mean) * (WINDOW[at % TILE] as number) * (WINDOW[Math.floor(at / TILE)] as number),
  );
}

/** Values around frequency 0 less the mean around each. */
function withoutSlope(values: Float64Array): Float64Array {
  const across = meanAlong(values, 1, SIDE);
  const mean = meanAlong(across, SIDE, 1);
  return values.map((value, index) => value - (mean[index] as number));
}

/** The mean of so many neighbours along one axis, at the rim of those that there are. */
function meanAlong(values: Float64Array, stride: number, lineStride: number): Float64Array {
  const mean = new Float64Array(values.length);
  for (let line = 0; line < SIDE; line++) {
    for (let place = 0; place < SIDE; place++) {
      const from = Math.max(0, place - AROUND);
      const to = Math.min(SIDE - 1, place + AROUND);
      let sum = 0;
      for (let at = from; at <= to; at++) sum += values[line * lineStride + at * stride] as number;
      mean[line * lineStride + place * stride] = sum / (to - from + 1);
    }
  }
  return mean;
}

/** Indexes of the frequencies that are compared: half of them, since the other half says the same. */
const BAND = Array.from({ length: SIDE * SIDE }, (_, index) => index).filter((index) => {
  const u = ((index % SIDE) - REACH) / TILE;
  const v = (Math.floor(index / SIDE) - REACH) / TILE;
  const frequency = Math.hypot(u, v);
  return u > AXIS && Math.abs(v) > AXIS && frequency > LOWEST && frequency < HIGHEST;
});

/** The compared frequencies alone, scaled to a length of 1. */
function atBand(values: Float64Array): Float32Array {
  const picked = Float32Array.from(BAND, (index) => values[index] as number);
  const length = Math.sqrt(picked.reduce((sum, value) => sum + value * value, 0));
  return length > 0 ? picked.map((value) => value / length) : picked;
}

function correlation(first: Float32Array, second: Float32Array): number {
  return first.reduce((sum, value, index) => sum + value * (second[index] as number), 0);
}

let coarse: readonly { kernel: BlurKernel; template: Float32Array }[] | null = null;

/** What the spectrum of a blurred picture would look like for every kernel of the grid; made once. */
function coarseTemplates(): readonly { kernel: BlurKernel; template: Float32Array }[] {
  coarse ??= [
    ...ANGLES.flatMap((angle) => LENGTHS.map((length): BlurKernel => ({ kind: 'motion', length, angle }))),
    ...RADII.map((radius): BlurKernel => ({ kind: 'disc', radius })),
  ].map((kernel) => ({ kernel, template: templateOf(kernel) }));
  return coarse;
}

function templateOf(kernel: BlurKernel): Float32Array {
  const values = new Float64Array(SIDE * SIDE);
  for (let v = -REACH, at = 0; v <= REACH; v++) {
    for (let u = -REACH; u <= REACH; u++, at++) {
      const passed = responseOf(kernel, u / TILE, v / TILE);
      values[at] = Math.log(passed * passed + FLOOR);
    }
  }
  return atBand(withoutSlope(values));
}

/** What a kernel lets through of a frequency: the transform of a stroke, or of a disc. */
function responseOf(kernel: BlurKernel, u: number, v: number): number {
  if (kernel.kind === 'motion') {
    const z = Math.PI * kernel.length * (u * Math.cos(kernel.angle) + v * Math.sin(kernel.angle));
    return Math.abs(z) < 1e-6 ? 1 : Math.sin(z) / z;
  }
  const z = 2 * Math.PI * kernel.radius * Math.hypot(u, v);
  return z < 1e-6 ? 1 : (2 * besselJ1(z)) / z;
}

/** Bessel function of the first kind and order, by its integral (Bessel 1824) over so many steps. */
function besselJ1(x: number): number {
  const steps = 24;
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    const turn = (Math.PI * (step + 0.5)) / steps;
    sum += Math.cos(turn - x * Math.sin(turn));
  }
  return sum / steps;
}
