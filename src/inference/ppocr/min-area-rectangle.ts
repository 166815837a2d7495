import type { Point } from '../../text-lines/text-line.ts';

export interface RotatedRectangle {
  readonly centre: Point;
  /** Unit vector along `width`. */
  readonly axis: Point;
  readonly width: number;
  readonly height: number;
}

/** Convex hull in counter-clockwise order (Andrew's monotone chain); the input may hold repeats. */
export function convexHull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((p, q) => p.x - q.x || p.y - q.y);
  if (sorted.length < 3) return sorted;
  const half = (sequence: readonly Point[]): Point[] => {
    const chain: Point[] = [];
    for (const point of sequence) {
      for (;;) {
        const last = chain.at(-1);
        const before = chain.at(-2);
        if (!last || !before) break;
        const turn = (last.x - before.x) * (point.y - before.y) - (last.y - before.y) * (point.x - before.x);
        if (turn > 0) break;
        chain.pop();
      }
      chain.push(point);
    }
    chain.pop();
    return chain;
  };
  return [...half(sorted), ...half(sorted.toReversed())];
}

/** The rectangle of least area around a set of points: one of its sides lies on a side of the hull (Toussaint 1983). */
export function minAreaRectangle(points: readonly Point[]): RotatedRectangle {
  const hull = convexHull(points);
  const first = hull[0] ?? { x: 0, y: 0 };
  let best: RotatedRectangle = { centre: first, axis: { x: 1, y: 0 }, width: 0, height: 0 };
  let bestArea = Number.POSITIVE_INFINITY;
  for (const [index, from] of hull.entries()) {
    const to = hull[(index + 1) % hull.length] ?? from;
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    if (length === 0) continue;
    const axis = { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
    const box = boundsAlong(hull, axis);
    const area = box.width * box.height;
    if (area < bestArea) {
      bestArea = area;
      best = box;
    }
  }
  return best;
}

/** The rectangle around the points whose `width` side runs along a given direction (a unit vector). */
export function boundsAlong(points: readonly Point[], axis: Point): RotatedRectangle {
  let minAlong = Number.POSITIVE_INFINITY;
  let maxAlong = Number.NEGATIVE_INFINITY;
  let minAcross = Number.POSITIVE_INFINITY;
  let maxAcross = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    const along = point.x * axis.x + point.y * axis.y;
    const across = point.y * axis.x - point.x * axis.y;
    minAlong = Math.min(minAlong, along);
    maxAlong = Math.max(maxAlong, along);
    minAcross = Math.min(minAcross, across);
    maxAcross = Math.max(maxAcross, across);
  }
  const along = (minAlong + maxAlong) / 2;
  const across = (minAcross + maxAcross) / 2;
  return {
    centre: { x: along * axis.x - across * axis.y, y: along * axis.y + across * axis.x },
    axis,
    width: maxAlong - minAlong,
    height: maxAcross - minAcross,
  };
}
