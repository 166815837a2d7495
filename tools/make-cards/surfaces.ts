import { noiseField } from './noise-field.ts';
import type { Random } from './random.ts';
import { createRaster, type Raster, type Rgb } from './raster.ts';

export type SurfaceKind = 'wood' | 'cloth' | 'stone' | 'plain' | 'tiles' | 'checked';

const WOODS: readonly Rgb[] = [
  [150, 108, 70],
  [98, 66, 42],
  [190, 156, 116],
  [120, 84, 60],
];
const CLOTHS: readonly Rgb[] = [
  [70, 82, 105],
  [140, 60, 58],
  [64, 92, 74],
  [200, 190, 175],
];
const STONES: readonly Rgb[] = [
  [205, 203, 198],
  [120, 120, 124],
  [60, 60, 64],
];
const PLAINS: readonly Rgb[] = [
  [232, 231, 226],
  [40, 40, 44],
  [180, 182, 186],
  [88, 104, 128],
  [238, 236, 240],
];

/** How bright a point of the surface is against its base colour, in grey levels. */
type Relief = (x: number, y: number) => number;

function relief(kind: SurfaceKind, scale: number, random: Random): Relief {
  const field = noiseField(random.fork('field'));
  switch (kind) {
    case 'wood': {
      const plank = random.between(180, 420) * scale;
      return (x, y) => {
        const seam = y % plank < 2.5 * scale ? -45 : 0;
        const shift = Math.floor(y / plank) * 17.3;
        return (
          38 * field(x / (260 * scale) + shift, y / (9 * scale)) +
          26 * field(x / (900 * scale), y / (60 * scale)) +
          seam
        );
      };
    }
    case 'cloth': {
      const thread = 3.2 * scale;
      return (x, y) =>
        9 * Math.sin((x / thread) * Math.PI) * Math.sin((y / thread) * Math.PI) +
        34 * field(x / (400 * scale), y / (400 * scale));
    }
    case 'stone':
      return (x, y) => 34 * field(x / (40 * scale), y / (40 * scale)) + 26 * field(x / (8 * scale), y / (8 * scale));
    case 'tiles': {
      const tile = random.between(350, 600) * scale;
      return (x, y) => {
        const gap = x % tile < 6 * scale || y % tile < 6 * scale;
        return (gap ? -60 : 0) + 14 * field(x / (90 * scale), y / (90 * scale));
      };
    }
    case 'checked': {
      const check = random.between(60, 140) * scale;
      return (x, y) =>
        ((Math.floor(x / check) + Math.floor(y / check)) % 2 === 0 ? 26 : -26) + 10 * field(x / 30, y / 30);
    }
    case 'plain':
      return (x, y) => 8 * field(x / (300 * scale), y / (300 * scale));
  }
}

function baseColour(kind: SurfaceKind, random: Random): Rgb {
  if (kind === 'wood') return random.pick(WOODS);
  if (kind === 'cloth' || kind === 'checked') return random.pick(CLOTHS);
  return random.pick(kind === 'plain' ? PLAINS : STONES);
}

/** A table, a cloth, a floor: what cards lie on. */
export function makeSurface(width: number, height: number, random: Random, wanted?: SurfaceKind): Raster {
  const kind =
    wanted ??
    random.weighted<SurfaceKind>([
      ['wood', 30],
      ['plain', 28],
      ['cloth', 14],
      ['stone', 12],
      ['tiles', 9],
      ['checked', 7],
    ]);
  const base = baseColour(kind, random);
  const height0 = relief(kind, Math.max(width, height) / 1500, random);
  const angle = random.between(-0.6, 0.6);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const surface = createRaster(width, height);
  const tint = random.between(0.85, 1.1);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 3) {
      const rise = height0(c * x - s * y + 5000, s * x + c * y + 5000);
      for (let channel = 0; channel < 3; channel++) {
        surface.data[i + channel] = (base[channel] as number) * tint + rise * (0.6 + (base[channel] as number) / 400);
      }
    }
  }
  return surface;
}
