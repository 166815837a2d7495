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

/** In place: a normal blur, `sigma` in pixels. */
export function blurGaussian(raster: Raster, sigma: number): void {
  if (sigma < 0.2) return;
  const radius = Math.ceil(sigma * 2.6);
  const weights: Array<[number, number]> = [];
  for (let d = -radius; d <= radius; d++) weights.push([d, Math.exp((-d * d) / (2 * sigma * sigma))]);
  convolve(
    raster,
    weights.map(([d, weight]) => ({ dx: d, dy: 0, weight })),
  );
  convolve(
    raster,
    weights.map(([d, weight]) => ({ dx: 0, dy: d, weight })),
  );
}

/** In place: out of focus, the light of a point spread over a disc of `radius` pixels. */
export function blurDisc(raster: Raster, radius: number): void {
  if (radius < 0.5) {
    blurGaussian(raster, radius * 0.6);
    return;
  }
  const reach = Math.ceil(radius);
  const taps: Tap[] = [];
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const weight = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(dx, dy)));
      if (weight > 0) taps.push({ dx, dy, weight });
    }
  }
  convolve(raster, taps);
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
