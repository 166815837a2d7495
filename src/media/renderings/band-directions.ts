import { boxMeans, halvePlane, type Plane, valueBetween } from './plane.ts';

/** Radius of the discs that a direction is told in, pixels of the halved plane, and how far apart they lie. */
const RADIUS = 24;
const SPACING = 12;
/** Directions that are tried, over half a turn. */
const DIRECTIONS = 36;
/** What is darker than a band counts as one, for bold print is darker; what is brighter than this as paper. */
const BAND = 0.55;
const PAPER = 0.92;
/** Side of the cells that the directions are handed out for, pixels of the plane. */
const CELL = 4;

/** Unit vectors along the bands of a plane, one for each cell, row by row; which way along is chance. */
export interface BandDirections {
  readonly cell: number;
  readonly columns: number;
  readonly alongX: Float32Array;
  readonly alongY: Float32Array;
}

/**
 * The direction of the dark bands at each place of a plane of shares (1: as bright as what is around): that in which sums
 * along straight lines differ most. Print is short in every direction, so that its lines' sums differ less.
 */
export function findBandDirections(plane: Plane): BandDirections {
  const half = halvePlane({ ...plane, data: plane.data.map((share) => Math.min(PAPER, Math.max(BAND, share))) });
  const disc = discOf(half.width);
  const columns = Math.max(2, Math.ceil(half.width / SPACING));
  const rows = Math.max(2, Math.ceil(half.height / SPACING));
  // Directions are averaged at twice their angle, where opposite ones are the same.
  const doubleX = new Float32Array(columns * rows);
  const doubleY = new Float32Array(columns * rows);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) {
      const { angle, weight } = directionAt(half, disc, (column + 0.5) * SPACING, (row + 0.5) * SPACING);
      doubleX[at] = weight * Math.cos(2 * angle);
      doubleY[at] = weight * Math.sin(2 * angle);
    }
  }
  const even = (data: Float32Array): Plane => {
    const around = boxMeans({ width: columns, height: rows, data }, 1);
    return { width: columns, height: rows, data: around };
  };
  return handOut(even(doubleX), even(doubleY), plane);
}

/** The places of a disc in a plane, and on which line of each direction they lie. */
interface Disc {
  readonly places: Int32Array;
  readonly lines: readonly Uint8Array[];
  readonly counts: readonly Uint16Array[];
}

const LINES = 2 * RADIUS + 3;

function discOf(width: number): Disc {
  const points: { x: number; y: number }[] = [];
  // Every second place, as on a chessboard.
  for (let y = -RADIUS; y <= RADIUS; y++) {
    for (let x = -RADIUS + (y & 1); x <= RADIUS; x += 2) if (x * x + y * y <= RADIUS * RADIUS) points.push({ x, y });
  }
  const lines = Array.from({ length: DIRECTIONS }, (_, index) => {
    const angle = (Math.PI * index) / DIRECTIONS;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return Uint8Array.from(points, ({ x, y }) => Math.round(y * cos - x * sin) + RADIUS + 1);
  });
  const counts = lines.map((lineOf) => {
    const count = new Uint16Array(LINES);
    for (const line of lineOf) count[line] = (count[line] as number) + 1;
    return count;
  });
  return { places: Int32Array.from(points, ({ x, y }) => y * width + x), lines, counts };
}

/** The angle of the bands around a place (radians), and how much clearer it is than others. */
function directionAt(
  { width, height, data }: Plane,
  disc: Disc,
  x: number,
  y: number,
): { angle: number; weight: number } {
  if (width <= 2 * RADIUS || height <= 2 * RADIUS) return { angle: 0, weight: 0 };
  const middleX = Math.min(width - RADIUS - 1, Math.max(RADIUS, Math.round(x)));
  const middleY = Math.min(height - RADIUS - 1, Math.max(RADIUS, Math.round(y)));
  const values = Float64Array.from(disc.places, (place) => data[middleY * width + middleX + place] as number);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = disc.lines.map((lineOf, index) => {
    const sums = new Float64Array(LINES);
    for (let point = 0; point < values.length; point++) {
      const line = lineOf[point] as number;
      sums[line] = (sums[line] as number) + (values[point] as number) - mean;
    }
    const counts = disc.counts[index] as Uint16Array;
    return sums.reduce((all, sum, line) => all + sum ** 2 / ((counts[line] as number) + 2), 0) / values.length;
  });
  const best = spread.indexOf(Math.max(...spread));
  const top = spread[best] as number;
  const before = spread[(best + DIRECTIONS - 1) % DIRECTIONS] as number;
  const after = spread[(best + 1) % DIRECTIONS] as number;
  const bend = before - 2 * top + after;
  const shift = bend < 0 ? (before - after) / (2 * bend) : 0;
  const middle = [...spread].sort((p, q) => p - q)[DIRECTIONS >> 1] as number;
  return { angle: (Math.PI * (best + shift)) / DIRECTIONS, weight: Math.sqrt(Math.max(0, top - middle)) };
}

/** The directions between the discs' middles, for each cell of the plane. */
function handOut(doubleX: Plane, doubleY: Plane, { width, height }: Plane): BandDirections {
  const columns = Math.ceil(width / CELL);
  const rows = Math.ceil(height / CELL);
  const alongX = new Float32Array(columns * rows);
  const alongY = new Float32Array(columns * rows);
  for (let row = 0, at = 0; row < rows; row++) {
    const v = Math.min(doubleX.height - 1, Math.max(0, ((row + 0.5) * CELL) / (2 * SPACING) - 0.5));
    for (let column = 0; column < columns; column++, at++) {
      const u = Math.min(doubleX.width - 1, Math.max(0, ((column + 0.5) * CELL) / (2 * SPACING) - 0.5));
      const angle = Math.atan2(valueBetween(doubleY, u, v), valueBetween(doubleX, u, v)) / 2;
      alongX[at] = Math.cos(angle);
      alongY[at] = Math.sin(angle);
    }
  }
  return { cell: CELL, columns, alongX, alongY };
}
