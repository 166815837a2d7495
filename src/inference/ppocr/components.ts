import type { Point } from '../../text-lines/text-line.ts';

/** A connected region of set pixels: the first and last set pixel of each of its rows (all that its hull needs). */
export interface Component {
  readonly outline: readonly Point[];
  readonly pixels: number;
}

/**
 * Finds the 8-connected regions of a mask (1 = set), row-run based: linear in the pixels, little memory.
 * Clears the mask as it goes.
 */
export function findComponents(mask: Uint8Array, width: number, height: number): Component[] {
  const components: Component[] = [];
  const stack: number[] = [];
  for (let start = 0; start < width * height; start++) {
    if (mask[start] !== 1) continue;
    const rows = new Map<number, { first: number; last: number }>();
    let pixels = 0;
    stack.push(start);
    mask[start] = 0;
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const y = Math.floor(at / width);
      const x = at - y * width;
      pixels++;
      const row = rows.get(y);
      if (!row) rows.set(y, { first: x, last: x });
      else if (x < row.first) row.first = x;
      else if (x > row.last) row.last = x;
      const left = x > 0 ? -1 : 0;
      const right = x < width - 1 ? 1 : 0;
      for (let dy = y > 0 ? -1 : 0; dy <= (y < height - 1 ? 1 : 0); dy++) {
        for (let dx = left; dx <= right; dx++) {
          const next = at + dy * width + dx;
          if (mask[next] !== 1) continue;
          mask[next] = 0;
          stack.push(next);
        }
      }
    }
    const outline: Point[] = [];
    for (const [y, { first, last }] of rows) {
      outline.push({ x: first, y });
      if (last !== first) outline.push({ x: last, y });
    }
    components.push({ outline, pixels });
  }
  return components;
}
