import type { Pair } from './homography.ts';
import { noiseField } from './noise-field.ts';
import type { Random } from './random.ts';
import type { Shot } from './shot.ts';

// Everything here works in place on a shot in linear light.

/** Brightness falling off over the picture and the colour of the lamp. */
export function applyLamp(
  shot: Shot,
  options: { exposure: number; falloff: number; warmth: number },
  random: Random,
): void {
  const { width, height, data } = shot.raster;
  const angle = random.between(0, 2 * Math.PI);
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  const gains = [1 + options.warmth, 1, 1 - options.warmth] as const;
  const field = noiseField(random.fork('lamp'), 2);
  for (let y = 0, i = 0; y < height; y++) {
    const v = y / height - 0.5;
    for (let x = 0; x < width; x++, i += 3) {
      const u = x / width - 0.5;
      const vignette = 1 - 0.25 * (u * u + v * v);
      const light =
        options.exposure *
        vignette *
        (1 + options.falloff * (dx * u + dy * v) * 1.6 + 0.15 * options.falloff * field(u * 3 + 9, v * 3 + 9));
      data[i] = (data[i] as number) * light * gains[0];
      data[i + 1] = (data[i + 1] as number) * light * gains[1];
      data[i + 2] = (data[i + 2] as number) * light * gains[2];
    }
  }
}

/** A soft-edged shadow (a head, a hand, a window frame) that darkens one side of a bent line through the card. */
export function castShadow(
  shot: Shot,
  options: { centre: Pair; depth: number; softness: number },
  random: Random,
): void {
  const { width, height, data } = shot.raster;
  const angle = random.between(0, 2 * Math.PI);
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  const bend = random.between(-0.5, 0.5) / width;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 3) {
      const u = x - options.centre[0];
      const v = y - options.centre[1];
      const across = -dy * u + dx * v;
      const side = (dx * u + dy * v + bend * across * across) / options.softness;
      const shade = 1 - options.depth / (1 + Math.exp(-side));
      data[i] = (data[i] as number) * shade;
      data[i + 1] = (data[i + 1] as number) * shade;
      data[i + 2] = (data[i + 2] as number) * (shade + 0.03 * (1 - shade));
    }
  }
}

/** Light added on top of the print, with what it does to legibility. `amount` is linear, 1 saturates. */
function addLight(shot: Shot, pixel: number, amount: number): void {
  const { data } = shot.raster;
  const i = 3 * pixel;
  data[i] = (data[i] as number) + amount;
  data[i + 1] = (data[i + 1] as number) + amount;
  data[i + 2] = (data[i + 2] as number) + amount * 1.02;
  const lost = Math.min(1, Math.max(0, (amount - 0.55) / 0.4));
  shot.loss[pixel] = Math.max(shot.loss[pixel] as number, lost);
}

export interface GlareSpot {
  readonly centre: Pair;
  /** Half axes in pixels. */
  readonly radii: Pair;
  /** Degrees. */
  readonly angle: number;
  /** Linear light at its middle; 1 burns out everything. */
  readonly peak: number;
}

/** The reflection of a lamp: a flat burnt-out middle with a soft halo. */
export function addGlare(shot: Shot, spot: GlareSpot): void {
  const { width, height } = shot.raster;
  const radians = (spot.angle * Math.PI) / 180;
  const [c, s] = [Math.cos(radians), Math.sin(radians)];
  const reach = 2.6 * Math.max(...spot.radii);
  const [top, bottom] = [
    Math.max(0, Math.floor(spot.centre[1] - reach)),
    Math.min(height, Math.ceil(spot.centre[1] + reach)),
  ];
  const [left, right] = [
    Math.max(0, Math.floor(spot.centre[0] - reach)),
    Math.min(width, Math.ceil(spot.centre[0] + reach)),
  ];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const u = x - spot.centre[0];
      const v = y - spot.centre[1];
      const distance = Math.hypot((c * u + s * v) / spot.radii[0], (c * v - s * u) / spot.radii[1]);
      const amount = spot.peak * Math.exp(-(distance ** 2.6));
      if (amount > 0.002) addLight(shot, y * width + x, amount);
    }
  }
}

/** A plastic sleeve: a grey veil, long wavy reflections along its folds. */
export function addSleeve(shot: Shot, options: { centre: Pair; size: number; strength: number }, random: Random): void {
  const { width, height } = shot.raster;
  const field = noiseField(random.fork('folds'), 3);
  const angle = random.between(0, Math.PI);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const scale = options.size * random.between(0.3, 0.6);
  const reach = options.size * 0.75;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const u = x - options.centre[0];
      const v = y - options.centre[1];
      if (Math.abs(u) > reach || Math.abs(v) > reach) continue;
      const fold = field((c * u + s * v) / (scale * 0.35) + 20, (c * v - s * u) / (scale * 2.2) + 20);
      const ridge = Math.exp(-((fold / 0.035) ** 2)) * Math.max(0, 0.4 + field(u / scale + 40, v / scale + 40));
      addLight(shot, y * width + x, options.strength * (0.05 + 0.75 * ridge + 0.08 * Math.max(0, fold)));
    }
  }
}
