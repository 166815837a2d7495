import type { Quad } from '../../text-lines/text-line.ts';
import { centreOf } from './centre-of.ts';
import { longAxis } from './text-direction.ts';

/** Whether a quad lies where another one does and is about as large, so that what was read in it stands for both. */
export function isTwin(quad: Quad, other: Quad): boolean {
  const { length, height } = longAxis(quad);
  const size = longAxis(other);
  const [middle, otherMiddle] = [centreOf(quad), centreOf(other)];
  const away = Math.hypot(otherMiddle.x - middle.x, otherMiddle.y - middle.y);
  return away < 0.3 * height && Math.abs(size.length - length) < 0.5 * height && size.height < 1.4 * height;
}
