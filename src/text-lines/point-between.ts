import type { Point } from './text-line.ts';

/** The point at a share of the way from one to another. */
export function pointBetween(from: Point, to: Point, share: number): Point {
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}
