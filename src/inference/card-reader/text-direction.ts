import { median } from '../../text-lines/median.ts';
import type { Point, Quad } from '../../text-lines/text-line.ts';

/** Boxes at least this many times as long as high tell the direction of their text. */
const LONG = 2.2;
const DEGREE = Math.PI / 180;

/**
 * The direction of most of the text as an angle in -90..90 degrees (in radians), clockwise from the x axis: which of
 * its two ends the text begins at cannot be told from boxes alone. 0 where no box is long enough.
 */
export function dominantAngle(quads: readonly Quad[]): number {
  const bins = new Float64Array(180);
  const votes: { angle: number; weight: number }[] = [];
  for (const quad of quads) {
    const { angle, length, height } = longAxis(quad);
    if (length < LONG * height) continue;
    votes.push({ angle, weight: length });
    const bin = Math.round(angle / DEGREE + 90) % 180;
    bins[bin] = (bins[bin] ?? 0) + length;
  }
  if (votes.length === 0) return 0;
  // Text seen at a slant fans out by a few degrees: sum neighbouring bins before choosing.
  let best = 0;
  let bestSum = -1;
  for (let bin = 0; bin < 180; bin++) {
    let sum = 0;
    for (let offset = -4; offset <= 4; offset++) {
      sum += (bins[(bin + offset + 180) % 180] ?? 0) * (5 - Math.abs(offset));
    }
    if (sum > bestSum) {
      bestSum = sum;
      best = bin;
    }
  }
  const middle = (best - 90) * DEGREE;
  let total = 0;
  let turn = 0;
  for (const { angle, weight } of votes) {
    const difference = wrapHalfTurn(angle - middle);
    if (Math.abs(difference) > 8 * DEGREE) continue;
    total += weight;
    turn += difference * weight;
  }
  return wrapHalfTurn(middle + (total > 0 ? turn / total : 0));
}

/** Angle of a box's long side (-90..90 degrees, in radians), and its size. */
export function longAxis(quad: Quad): { angle: number; length: number; height: number } {
  const [a, b, c, d] = quad;
  const across = { x: (b.x - a.x + c.x - d.x) / 2, y: (b.y - a.y + c.y - d.y) / 2 };
  const down = { x: (d.x - a.x + c.x - b.x) / 2, y: (d.y - a.y + c.y - b.y) / 2 };
  const width = Math.hypot(across.x, across.y);
  const height = Math.hypot(down.x, down.y);
  const long = width >= height ? across : down;
  return {
    angle: wrapHalfTurn(Math.atan2(long.y, long.x)),
    length: Math.max(width, height),
    height: Math.min(width, height),
  };
}

/** A point of the picture in a frame whose x runs along `angle` (radians). */
export function inDirection({ x, y }: Point, angle: number): Point {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return { x: x * cos + y * sin, y: y * cos - x * sin };
}

/** Median height of pieces of text. */
export function typicalHeight(quads: readonly Quad[]): number {
  return median(quads.map((quad) => longAxis(quad).height));
}

/** The same corners, beginning where text that runs along `angle` (radians) begins. */
export function readAlong(quad: Quad, angle: number): Quad {
  const direction: Point = { x: Math.cos(angle), y: Math.sin(angle) };
  let best = 0;
  let bestAlong = Number.NEGATIVE_INFINITY;
  for (let start = 0; start < 4; start++) {
    const from = quad[start as 0];
    const to = quad[((start + 1) % 4) as 0];
    const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
    const along = ((to.x - from.x) * direction.x + (to.y - from.y) * direction.y) / length;
    if (along > bestAlong) {
      bestAlong = along;
      best = start;
    }
  }
  const corner = (offset: number): Point => quad[((best + offset) % 4) as 0];
  return [corner(0), corner(1), corner(2), corner(3)];
}

/** An angle of an axis, which is the same half a turn on, within -90..90 degrees; radians. */
export function wrapHalfTurn(angle: number): number {
  return angle - Math.PI * Math.round(angle / Math.PI);
}
