import type { Raster } from './raster.ts';

/** An upright rectangle in pixels: left and top edge, width and height. */
export interface PixelBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Whether a picture of that EXIF orientation (1-8) is seen with its sides swapped. */
export function swapsSides(orientation: number): boolean {
  return orientation >= 5 && orientation <= 8;
}

/** Size of a stored picture as it is meant to be seen. */
export function seenSize({ width, height }: Size, orientation: number): Size {
  return swapsSides(orientation) ? { width: height, height: width } : { width, height };
}

/**
 * Turns a stored picture as its EXIF orientation says (Exif 2.32, 4.6.4: 2 mirrored, 3 upside down, 4 both, 5 to 8
 * with the sides swapped).
 */
export function orientRaster(stored: Raster, orientation: number): Raster {
  if (orientation <= 1 || orientation > 8) return stored;
  const { width, height } = seenSize(stored, orientation);
  const { x0, y0, dx, dy } = storedSteps(stored, orientation);
  const source = stored.data;
  const data = new Uint8Array(width * height * 3);
  const row = stored.width * 3;
  const across = dx.x * 3 + dx.y * row;
  for (let y = 0, at = 0; y < height; y++) {
    let from = (x0 + dy.x * y) * 3 + (y0 + dy.y * y) * row;
    for (let x = 0; x < width; x++, at += 3, from += across) {
      data[at] = source[from] as number;
      data[at + 1] = source[from + 1] as number;
      data[at + 2] = source[from + 2] as number;
    }
  }
  return { width, height, data };
}

/** Where a box of the picture as it is seen lies in the stored one of that size. */
export function storedBox(box: PixelBox, stored: Size, orientation: number): PixelBox {
  if (orientation <= 1 || orientation > 8) return box;
  const { x0, y0, dx, dy } = storedSteps(stored, orientation);
  const at = (x: number, y: number) => ({ x: x0 + dx.x * x + dy.x * y, y: y0 + dx.y * x + dy.y * y });
  const first = at(box.left, box.top);
  const last = at(box.left + box.width - 1, box.top + box.height - 1);
  return {
    left: Math.min(first.x, last.x),
    top: Math.min(first.y, last.y),
    width: Math.abs(first.x - last.x) + 1,
    height: Math.abs(first.y - last.y) + 1,
  };
}

/** The stored pixel of the first pixel that is seen, and the steps in the stored picture for one to the right and down. */
function storedSteps({ width, height }: Size, orientation: number) {
  const mirrored = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
  const flipped = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
  const right = { x: mirrored ? -1 : 1, y: 0 };
  const down = { x: 0, y: flipped ? -1 : 1 };
  const swapped = swapsSides(orientation);
  return {
    x0: mirrored ? width - 1 : 0,
    y0: flipped ? height - 1 : 0,
    dx: swapped ? down : right,
    dy: swapped ? right : down,
  };
}
