import type { Point, Quad } from './text-line.ts';

/** A projective map of the plane, row-major 3 x 3, last element 1 where it can be. */
export type Homography = readonly [number, number, number, number, number, number, number, number, number];

export const IDENTITY: Homography = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** Makes everything so many times as large. */
export function scaling(times: number): Homography {
  return [times, 0, 0, 0, times, 0, 0, 0, 1];
}

export function applyHomography(map: Homography, point: Point): Point {
  const w = map[6] * point.x + map[7] * point.y + map[8];
  return {
    x: (map[0] * point.x + map[1] * point.y + map[2]) / w,
    y: (map[3] * point.x + map[4] * point.y + map[5]) / w,
  };
}

export function mapQuad(map: Homography, quad: Quad): Quad {
  return [
    applyHomography(map, quad[0]),
    applyHomography(map, quad[1]),
    applyHomography(map, quad[2]),
    applyHomography(map, quad[3]),
  ];
}

/** The map that does `second` after `first`. */
export function composeHomographies(second: Homography, first: Homography): Homography {
  const cell = (row: 0 | 3 | 6, column: 0 | 1 | 2): number =>
    second[row] * first[column] +
    second[(row + 1) as 1] * first[(column + 3) as 3] +
    second[(row + 2) as 2] * first[(column + 6) as 6];
  return [cell(0, 0), cell(0, 1), cell(0, 2), cell(3, 0), cell(3, 1), cell(3, 2), cell(6, 0), cell(6, 1), cell(6, 2)];
}

/** Throws RangeError where the map cannot be inverted. */
export function invertHomography(map: Homography): Homography {
  const [a, b, c, d, e, f, g, h, i] = map;
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  if (!Number.isFinite(determinant) || Math.abs(determinant) < 1e-18) throw new RangeError('the map has no inverse');
  const k = 1 / determinant;
  return [
    (e * i - f * h) * k,
    (c * h - b * i) * k,
    (b * f - c * e) * k,
    (f * g - d * i) * k,
    (a * i - c * g) * k,
    (c * d - a * f) * k,
    (d * h - e * g) * k,
    (b * g - a * h) * k,
    (a * e - b * d) * k,
  ];
}

/** The map of the unit square's corners (0,0), (1,0), (1,1), (0,1) on a quad (Heckbert 1989). */
function unitSquareToQuad([p0, p1, p2, p3]: Quad): Homography {
  const sx = p0.x - p1.x + p2.x - p3.x;
  const sy = p0.y - p1.y + p2.y - p3.y;
  const dx1 = p1.x - p2.x;
  const dx2 = p3.x - p2.x;
  const dy1 = p1.y - p2.y;
  const dy2 = p3.y - p2.y;
  const denominator = dx1 * dy2 - dx2 * dy1;
  if (Math.abs(denominator) < 1e-12) throw new RangeError('the corners lie on one line');
  const g = (sx * dy2 - dx2 * sy) / denominator;
  const h = (dx1 * sy - sx * dy1) / denominator;
  return [
    p1.x - p0.x + g * p1.x,
    p3.x - p0.x + h * p3.x,
    p0.x,
    p1.y - p0.y + g * p1.y,
    p3.y - p0.y + h * p3.y,
    p0.y,
    g,
    h,
    1,
  ];
}

/** The map of a width x height rectangle at the origin on a quad: what sampling an upright crop needs. */
export function rectangleToQuad(width: number, height: number, quad: Quad): Homography {
  const [a, b, c, d, e, f, g, h, i] = unitSquareToQuad(quad);
  return [a / width, b / height, c, d / width, e / height, f, g / width, h / height, i];
}

/** The map that takes the corners of one quad to the corners of another. */
export function quadToQuad(from: Quad, to: Quad): Homography {
  return composeHomographies(unitSquareToQuad(to), invertHomography(unitSquareToQuad(from)));
}
