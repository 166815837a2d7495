import { transformPlane } from '../fourier.ts';
import type { Plane } from './plane.ts';

/** A way by which a picture may be moved so that what is repeated all over it falls on itself; pixels. */
export interface Repeat {
  readonly x: number;
  readonly y: number;
  /** Likeness of the picture to itself moved so, 0-1, beyond that of its rows. */
  readonly likeness: number;
}

/** A repeat is at least this like, and this share of the likest one's. Words cover a small part of what is compared. */
const LEAST_LIKENESS = 0.12;
const LEAST_OF_BEST = 0.4;
/** The likest one must be so like: else nothing is repeated but the form of letters. */
const LEAST_BEST = 0.17;
/**
 * Rows of print are like each other, and each like itself moved along: nothing is told by moves within this of them,
 * radians.
 */
const OWN_DIRECTION = 0.035;
/** Moves shorter than this share of the picture's width lie within a word. */
const LEAST_WAY = 0.045;
/** What is left of the picture, in shares of its area, beyond which likeness is chance. */
const LEAST_OVERLAP = 0.3;
/** What is written all over a picture has many repeats; the strongest tell what it is. */
const LEAST_REPEATS = 4;
const MOST_REPEATS = 20;
/** Ways along the rows at which a move is no more alike by what it repeats, pixels. */
const BESIDE = [-13, -8, 8, 13];
/** Half of the square in which a repeat is the likest. */
const PEAK_RADIUS = 3;

/**
 * The moves that bring what is written all over a picture onto itself, by the autocorrelation of its strokes. `strokes`
 * has a mean of about zero; `rowAngle` is the direction of the picture's own text, radians clockwise. Each move stands for
 * its opposite too. Empty where nothing is repeated.
 */
export function findRepeats(strokes: Plane, rowAngle: number): Repeat[] {
  const { width, height, data } = strokes;
  const columns = powerOfTwo(2 * width * (1 - LEAST_OVERLAP / 2));
  const rows = powerOfTwo(2 * height * (1 - LEAST_OVERLAP / 2));
  const real = new Float64Array(columns * rows);
  const imaginary = new Float64Array(columns * rows);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) real[y * columns + x] = data[y * width + x] as number;
  transformPlane(real, imaginary, columns, rows);
  for (let index = 0; index < real.length; index++) {
    const [re, im] = [real[index] as number, imaginary[index] as number];
    real[index] = re * re + im * im;
    imaginary[index] = 0;
  }
  transformPlane(real, imaginary, columns, rows);
  const energy = (real[0] as number) / (width * height);
  if (!(energy > 0)) return [];
  const likeness = (x: number, y: number): number => {
    const overlap = (width - Math.abs(x)) * (height - Math.abs(y));
    return (real[((y + rows) % rows) * columns + ((x + columns) % columns)] as number) / overlap / energy;
  };
  const least = LEAST_WAY * width;
  const [alongX, alongY] = [Math.cos(rowAngle), Math.sin(rowAngle)];
  const found: Repeat[] = [];
  for (let y = 0; y < height; y++) {
    const reach = Math.min(width - 1, Math.floor(width * (1 - (LEAST_OVERLAP * height) / (height - y))));
    for (let x = y === 0 ? 1 : -reach; x <= reach; x++) {
      if (x * x + y * y < least * least) continue;
      const here = likeness(x, y);
      if (here < LEAST_LIKENESS || isOwn(x, y, rowAngle) || !isPeak(likeness, x, y, here)) continue;
      // Rows of print are alike as bands, however they are moved along.
      const band = BESIDE.reduce(
        (sum, way) => sum + likeness(x + Math.round(way * alongX), y + Math.round(way * alongY)) / BESIDE.length,
        0,
      );
      if (here - Math.max(0, band) >= LEAST_LIKENESS) found.push({ x, y, likeness: here - Math.max(0, band) });
    }
  }
  found.sort((p, q) => q.likeness - p.likeness);
  const best = found[0]?.likeness ?? 0;
  if (best < LEAST_BEST) return [];
  const strong = found.filter((repeat) => repeat.likeness >= LEAST_OF_BEST * best);
  return strong.length < LEAST_REPEATS ? [] : strong.slice(0, MOST_REPEATS);
}

/** Whether a move runs along the picture's own rows, or straight across them. */
function isOwn(x: number, y: number, rowAngle: number): boolean {
  const away = Math.abs(Math.sin(2 * (Math.atan2(y, x) - rowAngle))) / 2;
  return away < OWN_DIRECTION;
}

function isPeak(likeness: (x: number, y: number) => number, x: number, y: number, here: number): boolean {
  for (let dy = -PEAK_RADIUS; dy <= PEAK_RADIUS; dy++) {
    for (let dx = -PEAK_RADIUS; dx <= PEAK_RADIUS; dx++) {
      if ((dx !== 0 || dy !== 0) && likeness(x + dx, y + dy) > here) return false;
    }
  }
  return true;
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}
