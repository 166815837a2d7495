import type { Point, Quad } from '../../text-lines/text-line.ts';

/** The middle of a quad's corners. */
export function centreOf(quad: Quad): Point {
  return { x: quad.reduce((sum, { x }) => sum + x, 0) / 4, y: quad.reduce((sum, { y }) => sum + y, 0) / 4 };
}
