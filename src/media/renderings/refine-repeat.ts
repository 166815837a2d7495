import type { Repeat } from './find-repeats.ts';
import type { Plane } from './plane.ts';

/** Every so many pixels are enough to compare pictures by; no divisor of the grids of pictures. */
const REFINE_STEP = 3;

/** A repeat that was found at a `factor` smaller size, to a part of a pixel. */
export function refineRepeat(strokes: Plane, repeat: Repeat, factor: number): Repeat {
  const [x, y] = [factor * repeat.x, factor * repeat.y];
  const scores = new Map<string, number>();
  const score = (dx: number, dy: number): number => {
    const key = `${dx},${dy}`;
    const known = scores.get(key) ?? productAt(strokes, x + dx, y + dy);
    scores.set(key, known);
    return known;
  };
  let [bestX, bestY] = [0, 0];
  for (let dy = -factor; dy <= factor; dy++) {
    for (let dx = -factor; dx <= factor; dx++) {
      if (score(dx, dy) > score(bestX, bestY)) [bestX, bestY] = [dx, dy];
    }
  }
  const here = score(bestX, bestY);
  return {
    x: x + bestX + vertex(score(bestX - 1, bestY), here, score(bestX + 1, bestY)),
    y: y + bestY + vertex(score(bestX, bestY - 1), here, score(bestX, bestY + 1)),
    likeness: repeat.likeness,
  };
}

/** Where a parabola through three equidistant values is highest, from the middle one. */
function vertex(before: number, here: number, after: number): number {
  const bend = before - 2 * here + after;
  return bend < 0 ? Math.min(0.5, Math.max(-0.5, (0.5 * (before - after)) / bend)) : 0;
}

function productAt({ width, height, data }: Plane, moveX: number, moveY: number): number {
  let sum = 0;
  const [left, right] = [Math.max(0, -moveX), Math.min(width, width - moveX)];
  const [top, bottom] = [Math.max(0, -moveY), Math.min(height, height - moveY)];
  for (let y = top; y < bottom; y += REFINE_STEP) {
    const [row, moved] = [y * width, (y + moveY) * width + moveX];
    for (let x = left; x < right; x += REFINE_STEP) sum += (data[row + x] as number) * (data[moved + x] as number);
  }
  return sum / Math.max(1, (right - left) * (bottom - top));
}
