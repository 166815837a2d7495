import type { Point, Quad } from '../../text-lines/text-line.ts';

/** Share of a group's text that was read before. */
const MOSTLY = 0.8;

/** Whether most of a text lies on lines that were `known` before. */
export function isKnownText(quads: readonly Quad[], known: readonly Quad[]): boolean {
  if (known.length === 0) return false;
  const again = quads.filter((quad) => known.some((other) => isWithin(middleOf(quad), other)));
  return again.length >= MOSTLY * quads.length;
}

function middleOf(quad: Quad): Point {
  return { x: quad.reduce((sum, { x }) => sum + x, 0) / 4, y: quad.reduce((sum, { y }) => sum + y, 0) / 4 };
}

/** Whether a point lies within a quad, whatever way its corners run. */
function isWithin({ x, y }: Point, quad: Quad): boolean {
  const sides = quad.map((from, index) => {
    const to = quad[((index + 1) % 4) as 0];
    return (to.x - from.x) * (y - from.y) - (to.y - from.y) * (x - from.x);
  });
  return sides.every((side) => side >= 0) || sides.every((side) => side <= 0);
}
