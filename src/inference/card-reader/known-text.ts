import type { Point, Quad } from '../../text-lines/text-line.ts';
import { centreOf } from './centre-of.ts';

/** Share of a group's text that was read before. */
const MOSTLY = 0.8;

/** Whether most of a text lies on lines that were `known` before. */
export function isKnownText(quads: readonly Quad[], known: readonly Quad[]): boolean {
  if (known.length === 0) return false;
  const again = quads.filter((quad) => known.some((other) => isWithin(centreOf(quad), other)));
  return again.length >= MOSTLY * quads.length;
}

/** Whether a point lies within a quad, whatever way its corners run. */
function isWithin({ x, y }: Point, quad: Quad): boolean {
  const sides = quad.map((from, index) => {
    const to = quad[((index + 1) % 4) as 0];
    return (to.x - from.x) * (y - from.y) - (to.y - from.y) * (x - from.x);
  });
  return sides.every((side) => side >= 0) || sides.every((side) => side <= 0);
}
