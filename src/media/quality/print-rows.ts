import { type EdgeBox, partOfRaster, type Raster } from '../raster.ts';
import { boxMeans } from '../renderings/plane.ts';
import { lumaOf } from './luma.ts';

/** Where rows of print are looked for: below and to both sides of a point, along an angle. */
export interface RowsPlace {
  /** A point of the picture, pixels: the left end of a printed line above the rows, at its middle. */
  readonly x: number;
  readonly y: number;
  /** Direction of the rows, radians clockwise, to a hundredth or two. */
  readonly angle: number;
  /** What all shares here are of: how far left of the point the rows begin, pixels. */
  readonly unit: number;
}

/** Rows of print at even distances. Places are (along, down) from the point, pixels, along the rows' own angle. */
export interface PrintRows {
  readonly angle: number;
  readonly pitch: number;
  /** Middles of rows from the first one down to the last one that has ink. */
  readonly middles: readonly number[];
  /** Where the right column's values begin. */
  readonly valueLeft: number;
  /** Stretches of print in each row's right column. */
  readonly stretches: readonly (readonly Stretch[])[];
}

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** How the rows may lie, in units. */
const PITCHES = { least: 0.1, most: 0.142, step: 0.001 };
const TURNS = { most: 0.02, step: 0.004 };
const FIRST_MIDDLE = 0.206;
const MOST_ROWS = 16;
const DEEPEST = 2;
const FARTHEST = 1.9;
/** The values' beginnings, by which rows are told. */
const BEGINNINGS: Stretch = { from: 0.05, to: 1.1 };
const VALUE_LEFT: Stretch = { from: -0.03, to: 0.16 };
/** Paper is brighter than the mean around it by less than this many levels. */
const PAPER = 14;
/** Print has at least this share of the ink that the rows' beginnings have. */
const LEAST_INK = 0.1;
/** Stretches nearer than this many pitches are one. */
const APART_PITCHES = 1.8;
/** A value's first letters, so many pitches, may have left no ink. */
const LOST_PITCHES = 3;

interface Ink {
  readonly along: number;
  readonly down: number;
  readonly dark: number;
}

/**
 * Finds rows of print by their ink alone, where letters are too broken for a detector: evenly printed rows make the ink
 * rise and fall with one period. Null where it does not.
 */
export function findPrintRows(picture: Raster, place: RowsPlace): PrintRows | null {
  const ink = inkAround(picture, place);
  if (ink.length === 0) return null;
  let best: { turn: number; pitch: number; phase: number; power: number } | null = null;
  for (let turn = -TURNS.most; turn <= TURNS.most + 1e-9; turn += TURNS.step) {
    const heights = profileOf(turned(ink, turn), place.unit);
    for (let share = PITCHES.least; share <= PITCHES.most; share += PITCHES.step) {
      const pitch = share * place.unit;
      const { phase, power } = waveOf(heights, pitch);
      if (!best || power > best.power) best = { turn, pitch, phase, power };
    }
  }
  if (!best) return null;
  const { phase, pitch, turn } = best;
  const lying = turned(ink, turn);
  const first = phase + pitch * Math.round((FIRST_MIDDLE * place.unit - phase) / pitch);
  const middles = Array.from({ length: MOST_ROWS }, (_, row) => first + row * pitch).filter(
    (middle) => middle < DEEPEST * place.unit,
  );
  const rows = middles.map((middle) => lying.filter(({ down }) => Math.abs(down - middle) < BAND * pitch));
  const valueLeft = leftOf(rows.slice(0, 12), place.unit);
  const stretches = stretchesOf(rows, valueLeft, pitch);
  const last = lastRowOf(rows, valueLeft, pitch);
  if (last < LEAST_ROWS) return null;
  return {
    angle: place.angle + turn,
    pitch,
    middles: middles.slice(0, last + 1),
    valueLeft,
    stretches: stretches.slice(0, last + 1),
  };
}

/** Half of a row's height, in pitches. */
const BAND = 0.4;
const LEAST_ROWS = 8;

/** Dark pixels left, right and below of the point. */
function inkAround(picture: Raster, place: RowsPlace): Ink[] {
  const { angle, unit, x, y } = place;
  const box = boxOf(picture, place);
  if (box.right - box.left < 8 || box.bottom - box.top < 8) return [];
  const part = partOfRaster(picture, box);
  const plane = { width: part.width, height: part.height, data: Float32Array.from(lumaOf(part)) };
  const around = boxMeans(plane, Math.max(2, Math.round(0.12 * unit)));
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const ink: Ink[] = [];
  for (let row = 0, at = 0; row < plane.height; row++) {
    for (let column = 0; column < plane.width; column++, at++) {
      const dark = (around[at] as number) - (plane.data[at] as number) - PAPER;
      if (dark <= 0) continue;
      const [right, below] = [column + 0.5 + box.left - x, row + 0.5 + box.top - y];
      const along = right * cos + below * sin;
      const down = below * cos - right * sin;
      if (down > 0.08 * unit && down < DEEPEST * unit && along > -1.1 * unit && along < FARTHEST * unit)
        ink.push({ along, down, dark });
    }
  }
  return ink;
}

function boxOf({ height, width }: Raster, { angle, unit, x, y }: RowsPlace): EdgeBox {
  const slack = Math.abs(Math.sin(angle)) * 2 * unit;
  return {
    left: Math.max(0, Math.floor(x - 1.1 * unit - slack)),
    top: Math.max(0, Math.floor(y - slack)),
    right: Math.min(width, Math.ceil(x + FARTHEST * unit + slack)),
    bottom: Math.min(height, Math.ceil(y + DEEPEST * unit + slack)),
  };
}

function turned(ink: readonly Ink[], turn: number): Ink[] {
  return ink.map(({ along, dark, down }) => ({ along, dark, down: down - turn * along }));
}

/** How much ink there is at each pixel down, where values begin; roots, so that long rows do not outweigh short ones. */
function profileOf(ink: readonly Ink[], unit: number): Float64Array {
  const profile = new Float64Array(Math.ceil(DEEPEST * unit));
  for (const { along, dark, down } of ink) {
    const row = Math.floor(down);
    if (along < BEGINNINGS.from * unit || along > BEGINNINGS.to * unit || row < 0 || row >= profile.length) continue;
    profile[row] = (profile[row] as number) + dark;
  }
  return profile.map(Math.sqrt);
}

/** How strongly a profile rises and falls with a period, and where it is highest. */
function waveOf(profile: Float64Array, period: number): { phase: number; power: number } {
  const mean = profile.reduce((sum, value) => sum + value, 0) / profile.length;
  let [real, imaginary] = [0, 0];
  for (const [row, value] of profile.entries()) {
    const turn = (2 * Math.PI * (row + 0.5)) / period;
    real += (value - mean) * Math.cos(turn);
    imaginary += (value - mean) * Math.sin(turn);
  }
  return { phase: (Math.atan2(imaginary, real) * period) / (2 * Math.PI), power: Math.hypot(real, imaginary) };
}

/** Where most rows' values begin: much ink right of it, none left. */
function leftOf(rows: readonly (readonly Ink[])[], unit: number): number {
  const from = Math.floor(-0.1 * unit);
  const columns = new Float64Array(Math.ceil(0.4 * unit));
  for (const row of rows) {
    const own = new Float64Array(columns.length);
    for (const { along, dark } of row) {
      const column = Math.floor(along) - from;
      if (column >= 0 && column < own.length) own[column] = (own[column] as number) + dark;
    }
    for (const [column, dark] of own.entries()) columns[column] = (columns[column] as number) + Math.sqrt(dark);
  }
  const meanOf = (start: number, end: number): number => {
    const part = columns.slice(Math.max(0, start - from), Math.max(1, end - from));
    return part.reduce((sum, value) => sum + value, 0) / Math.max(1, part.length);
  };
  let best = { left: 0, step: Number.NEGATIVE_INFINITY };
  for (let left = Math.floor(VALUE_LEFT.from * unit); left <= VALUE_LEFT.to * unit; left++) {
    const step = meanOf(left, Math.round(left + 0.1 * unit)) - 1.5 * meanOf(Math.round(left - 0.035 * unit), left);
    if (step > best.step) best = { left, step };
  }
  return best.left;
}

/** The last row that has ink where values begin: specks below are none. */
function lastRowOf(rows: readonly (readonly Ink[])[], valueLeft: number, pitch: number): number {
  const beginnings = rows.map((row) =>
    row.reduce((sum, { along, dark }) => sum + (along >= valueLeft && along < valueLeft + 2 * pitch ? dark : 0), 0),
  );
  const middle = [...beginnings.slice(0, LEAST_ROWS)].sort((p, q) => p - q)[LEAST_ROWS >> 1] ?? 0;
  return beginnings.findLastIndex((dark) => dark > LEAST_BEGINNING * middle);
}

/** Share of the ink of most rows' beginnings that a row's has at least. */
const LEAST_BEGINNING = 0.25;

/** Stretches of print in rows, right of where values begin. */
function stretchesOf(rows: readonly (readonly Ink[])[], valueLeft: number, pitch: number): Stretch[][] {
  const side = Math.max(2, Math.round(0.6 * pitch));
  const counts = rows.map((row) => {
    const own: number[] = [];
    for (const { along, dark } of row) {
      const place = Math.floor((along - valueLeft) / side);
      if (place >= 0) own[place] = (own[place] ?? 0) + dark;
    }
    return own;
  });
  const beginnings = counts.flatMap((own) => own.slice(0, 3).filter((value) => value > 0)).sort((p, q) => p - q);
  const middle = beginnings[beginnings.length >> 1] ?? 0;
  const least = LEAST_INK * middle;
  return counts.map((own) => {
    const found: { from: number; to: number; dark: number }[] = [];
    for (let place = 0; place < own.length; place++) {
      const dark = own[place] ?? 0;
      if (dark <= least) continue;
      const [from, to] = [valueLeft + place * side, valueLeft + (place + 1) * side];
      const last = found.at(-1);
      if (last && from - last.to < APART_PITCHES * pitch) {
        last.to = to;
        last.dark += dark;
      } else {
        // All values begin at one edge, whatever is left of their first letters.
        const isFirst = !last && from - valueLeft < LOST_PITCHES * pitch;
        found.push({ from: isFirst ? valueLeft : from, to, dark });
      }
    }
    return found.filter(({ dark, from }) => from === valueLeft || dark > LEAST_APART * middle);
  });
}

/** A stretch apart from a row's value has as much ink as this share of a letter at least. */
const LEAST_APART = 0.6;
