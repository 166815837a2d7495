/** A decoded picture: RGB, 3 bytes a pixel, row by row, no padding. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A rectangle of a picture by its edges, pixels. */
export interface EdgeBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A picture of one byte of brightness a pixel, as a raster. */
export function greyRaster(luma: Uint8Array, width: number, height: number): Raster {
  const data = new Uint8Array(luma.length * 3);
  for (let pixel = 0, at = 0; pixel < luma.length; pixel++, at += 3) {
    const level = luma[pixel] as number;
    data[at] = level;
    data[at + 1] = level;
    data[at + 2] = level;
  }
  return { width, height, data };
}

/** The part of a picture within whole edges that lie in it. */
export function partOfRaster({ data, width }: Raster, { bottom, left, right, top }: EdgeBox): Raster {
  const row = (right - left) * 3;
  const part = new Uint8Array(row * (bottom - top));
  for (let y = top; y < bottom; y++) {
    const from = (y * width + left) * 3;
    part.set(data.subarray(from, from + row), (y - top) * row);
  }
  return { width: right - left, height: bottom - top, data: part };
}

/** Halves a picture by averaging 2 x 2 pixels (odd last row or column is dropped). */
export function halveRaster(raster: Raster): Raster {
  const width = Math.max(1, raster.width >> 1);
  const height = Math.max(1, raster.height >> 1);
  const source = raster.data;
  const data = new Uint8Array(width * height * 3);
  const rowStep = raster.height > 1 ? raster.width * 3 : 0;
  const pixelStep = raster.width > 1 ? 3 : 0;
  const cornerStep = rowStep + pixelStep;
  let target = 0;
  for (let y = 0; y < height; y++) {
    let at = y * 2 * raster.width * 3;
    for (let x = 0; x < width; x++, at += 3) {
      for (let channel = 0; channel < 3; channel++, target++, at++) {
        data[target] =
          ((source[at] as number) +
            (source[at + pixelStep] as number) +
            (source[at + rowStep] as number) +
            (source[at + cornerStep] as number) +
            2) >>
          2;
      }
    }
  }
  return { width, height, data };
}

/** A picture with left and right exchanged. */
export function mirrorRaster({ width, height, data }: Raster): Raster {
  const mirrored = new Uint8Array(data.length);
  for (let y = 0, at = 0; y < height; y++) {
    let from = (y * width + width - 1) * 3;
    for (let x = 0; x < width; x++, at += 3, from -= 3) {
      mirrored[at] = data[from] as number;
      mirrored[at + 1] = data[from + 1] as number;
      mirrored[at + 2] = data[from + 2] as number;
    }
  }
  return { width, height, data: mirrored };
}

/**
 * A picture with its halved copies, so that sampling far below its size does not alias. Levels are made on first use:
 * level 0 is the picture itself, level n is 2^n times smaller.
 */
export class RasterPyramid {
  readonly #levels: Raster[];

  constructor(base: Raster) {
    this.#levels = [base];
  }

  get base(): Raster {
    return this.level(0);
  }

  level(index: number): Raster {
    for (;;) {
      const found = this.#levels[index];
      if (found) return found;
      const last = this.#levels[this.#levels.length - 1];
      if (!last) throw new RangeError('a pyramid always has a base');
      this.#levels.push(halveRaster(last));
    }
  }
}
