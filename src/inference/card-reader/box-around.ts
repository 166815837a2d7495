import type { EdgeBox } from '../../media/raster.ts';
import type { Quad } from '../../text-lines/text-line.ts';

/** The upright box around a quad. */
export function boxAround(quad: Quad): EdgeBox {
  const xs = quad.map(({ x }) => x);
  const ys = quad.map(({ y }) => y);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}
