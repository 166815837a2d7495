import { gaussianSource } from './noise-field.ts';
import type { Random } from './random.ts';
import type { Raster } from './raster.ts';

/** Display coding to linear light and back (gamma 2.2), as tables: whole pictures pass through. */
const LINEAR = Float32Array.from({ length: 4096 }, (_, i) => (i / 4095) ** 2.2);
const DISPLAY = Float32Array.from({ length: 16384 }, (_, i) => 255 * (i / 16383) ** (1 / 2.2));

/** In place: 0-255 display values to 0-1 linear light. */
export function toLinear(raster: Raster): void {
  const { data } = raster;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    data[i] = LINEAR[value <= 0 ? 0 : value >= 255 ? 4095 : ((value * 4095) / 255 + 0.5) | 0] as number;
  }
}

/** In place: 0-1 linear light to 0-255 display values, clipped. */
export function toDisplay(raster: Raster): void {
  const { data } = raster;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    data[i] = DISPLAY[value <= 0 ? 0 : value >= 1 ? 16383 : (value * 16383 + 0.5) | 0] as number;
  }
}

/** In place: a symmetric kernel (its middle first) along rows (`step` 3) or columns (`step` of a row). */
function convolveAlong(raster: Raster, kernel: readonly number[], alongRows: boolean): void {
  const { width, height, data } = raster;
  const source = data.slice();
  const stride = 3 * width;
  const step = alongRows ? 3 : stride;
  const last = alongRows ? width - 1 : height - 1;
  const reach = kernel.length - 1;
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0; x < stride; x++, o++) {
      const at = alongRows ? (x / 3) | 0 : y;
      let sum = (kernel[0] as number) * (source[o] as number);
      if (at >= reach && at <= last - reach) {
        for (let k = 1, d = step; k <= reach; k++, d += step) {
          sum += (kernel[k] as number) * ((source[o - d] as number) + (source[o + d] as number));
        }
      } else {
        for (let k = 1; k <= reach; k++) {
          const before = source[o - step * Math.min(k, at)] as number;
          sum += (kernel[k] as number) * (before + (source[o + step * Math.min(k, last - at)] as number));
        }
      }
      data[o] = sum;
    }
  }
}

/** In place: a normal blur, `sigma` in pixels. */
export function blurGaussian(raster: Raster, sigma: number): void {
  if (sigma < 0.2) return;
  const weights = Array.from({ length: Math.ceil(sigma * 2.3) + 1 }, (_, d) =>
    Math.exp((-d * d) / (2 * sigma * sigma)),
  );
  const total = weights.reduce((sum, weight, d) => sum + (d === 0 ? weight : 2 * weight), 0);
  const kernel = weights.map((weight) => weight / total);
  convolveAlong(raster, kernel, true);
  convolveAlong(raster, kernel, false);
}

/** In place: out of focus, the light of a point spread over a disc of `radius` pixels. */
export function blurDisc(raster: Raster, radius: number): void {
  if (radius < 0.9) {
    // A disc of less than a pixel is a blur of the same spread.
    blurGaussian(raster, radius * 0.5);
    return;
  }
  const { width, height, data } = raster;
  const reach = Math.floor(radius);
  const chords = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.sqrt(radius * radius - (i - reach) ** 2));
  const area = chords.reduce((sum, chord) => sum + 2 * chord + 1, 0);
  const pad = reach + 2;
  // Running sums of every row, with the border repeated, so that a chord is one subtraction.
  const columns = width + 2 * pad;
  const sums = new Float64Array(3 * (columns + 1) * height);
  const rowLength = 3 * (columns + 1);
  for (let y = 0; y < height; y++) {
    for (let c = 0; c < columns; c++) {
      const x = Math.min(width - 1, Math.max(0, c - pad));
      for (let channel = 0; channel < 3; channel++) {
        const o = y * rowLength + 3 * c + channel;
        sums[o + 3] = (sums[o] as number) + (data[3 * (y * width + x) + channel] as number);
      }
    }
  }
  data.fill(0);
  chords.forEach((chord, i) => {
    const whole = Math.floor(chord);
    const part = chord - whole;
    for (let y = 0; y < height; y++) {
      const base = Math.min(height - 1, Math.max(0, y + i - reach)) * rowLength;
      for (let k = 0, o = 3 * y * width; k < 3 * width; k++, o++) {
        const left = base + k + 3 * (pad - whole);
        const right = base + k + 3 * (pad + whole + 1);
        const inner = (sums[right] as number) - (sums[left] as number);
        const outer = (sums[right + 3] as number) - (sums[left - 3] as number);
        data[o] = (data[o] as number) + (inner + part * (outer - inner)) / area;
      }
    }
  });
}

/** One offset of a blur kernel, in pixels, with its weight. */
interface Tap {
  readonly dx: number;
  readonly dy: number;
  readonly weight: number;
}

/** In place: convolution with few taps; the borders repeat. */
function convolve(raster: Raster, taps: readonly Tap[]): void {
  const { width, height, data } = raster;
  const source = data.slice();
  data.fill(0);
  const total = taps.reduce((sum, tap) => sum + tap.weight, 0);
  const stride = 3 * width;
  for (const { dx, dy, weight } of taps) {
    const share = weight / total;
    // The inner columns run as one stretch of floats; only the border looks for its neighbour.
    const first = Math.min(width, Math.max(0, -dx));
    const last = Math.max(0, Math.min(width, width - dx));
    for (let y = 0; y < height; y++) {
      const from = Math.min(height - 1, Math.max(0, y + dy)) * stride;
      const to = y * stride;
      const shift = from - to + 3 * dx;
      for (let o = to + 3 * first; o < to + 3 * last; o++) {
        data[o] = (data[o] as number) + share * (source[o + shift] as number);
      }
      for (let k = 0; k < 3 * first; k++) {
        data[to + k] = (data[to + k] as number) + share * (source[from + (k % 3)] as number);
      }
      for (let k = 3 * last; k < stride; k++) {
        data[to + k] = (data[to + k] as number) + share * (source[from + stride - 3 + (k % 3)] as number);
      }
    }
  }
}

/** In place: the hand moved by `length` pixels in direction `angle` (degrees) while the shutter was open. */
export function blurMotion(raster: Raster, length: number, angle: number): void {
  if (length < 1) return;
  const steps = Math.ceil(length * 2);
  const merged = new Map<string, Tap>();
  for (let i = 0; i <= steps; i++) {
    const along = (i / steps - 0.5) * length;
    // A hand does not move straight: the path bends a little.
    const bend = 0.12 * length * ((2 * i) / steps - 1) ** 2;
    const radians = (angle * Math.PI) / 180;
    const dx = Math.round(along * Math.cos(radians) - bend * Math.sin(radians));
    const dy = Math.round(along * Math.sin(radians) + bend * Math.cos(radians));
    const old = merged.get(`${dx},${dy}`);
    merged.set(`${dx},${dy}`, { dx, dy, weight: (old?.weight ?? 0) + 1 });
  }
  convolve(raster, [...merged.values()]);
}

export interface SensorNoise {
  /** Deviation of shot noise at full light, in linear 0-1. */
  readonly shot: number;
  /** Deviation of read noise, in linear 0-1. */
  readonly read: number;
  /** Share of the noise that is coloured and coarse, as after a phone's denoising. */
  readonly chroma: number;
}

/** In place, in linear light: photon and read noise. */
export function addSensorNoise(raster: Raster, noise: SensorNoise, random: Random): void {
  const { width, data } = raster;
  const gaussian = gaussianSource(random);
  const coarse = new Float32Array(Math.ceil(width / 3) * 3 + 6);
  for (let i = 0, x = 0, y = 0; i < data.length; i += 3) {
    if (x === 0 && y % 3 === 0) for (let k = 0; k < coarse.length; k++) coarse[k] = gaussian();
    const luminance = gaussian();
    const block = ((x / 3) | 0) * 3;
    for (let channel = 0; channel < 3; channel++) {
      const light = Math.max(0, data[i + channel] as number);
      const deviation = Math.sqrt(noise.shot * noise.shot * light + noise.read * noise.read);
      const own = 0.75 * luminance + 0.4 * gaussian() + noise.chroma * (coarse[block + channel] as number);
      data[i + channel] = light + deviation * own;
    }
    if (++x === width) {
      x = 0;
      y++;
    }
  }
}

/** In place: the unsharp mask of a phone's processing. */
export function sharpen(raster: Raster, amount: number): void {
  if (amount <= 0) return;
  const soft: Raster = { ...raster, data: raster.data.slice() };
  blurGaussian(soft, 1.1);
  for (let i = 0; i < raster.data.length; i++) {
    const value = raster.data[i] as number;
    raster.data[i] = Math.min(255, Math.max(0, value + amount * (value - (soft.data[i] as number))));
  }
}
