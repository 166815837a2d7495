import { describe, expect, it } from 'vitest';
import type { Raster } from '../../../src/media/raster.ts';
import { closing } from '../../../src/media/renderings/closing.ts';
import { withoutBands } from '../../../src/media/renderings/without-bands.ts';

const [WIDTH, HEIGHT] = [420, 300];
const PAPER = 190;
const PRINT = 90;
const DIM = 0.4;
/** A band every 16 pixels, 4 wide; they bend as moiré does that is seen from aside. */
const bandAt = (x: number, y: number): number => (x + 0.3 * y + 0.0008 * y * y + 16) % 16;
const isBand = (x: number, y: number): boolean => bandAt(x, y) < 4;
const besideEdges = (x: number, y: number): boolean => [0, 4, 16].every((edge) => Math.abs(bandAt(x, y) - edge) >= 1.5);
/** Strokes 3 wide and 14 high in rows, as upright as letters are and not as long as bands. */
const isPrint = (x: number, y: number): boolean => x > 60 && x < 360 && y % 26 < 14 && x % 11 < 3;

function picture(banded: boolean): Raster {
  const data = new Uint8Array(3 * WIDTH * HEIGHT);
  for (let y = 0, at = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++, at += 3) {
      const own = isPrint(x, y) ? PRINT : PAPER;
      data.fill(banded && isBand(x, y) ? own * DIM : own, at, at + 3);
    }
  }
  return { width: WIDTH, height: HEIGHT, data };
}

/** Mean brightness of the places wanted, away from the picture's rim and from the edges of bands. */
function mean({ data }: Raster, wanted: (x: number, y: number) => boolean): number {
  let [sum, count] = [0, 0];
  for (let y = 60; y < HEIGHT - 60; y++) {
    for (let x = 70; x < WIDTH - 70; x++) {
      if (!besideEdges(x, y) || !wanted(x, y)) continue;
      sum += data[3 * (y * WIDTH + x)] as number;
      count++;
    }
  }
  return sum / count;
}

describe('withoutBands', () => {
  it('makes paper of curved dark bands and leaves the print within them', () => {
    const seen = picture(true);
    const clear = withoutBands(seen);
    const paperInBand = (raster: Raster): number => mean(raster, (x, y) => isBand(x, y) && !isPrint(x, y));
    const printInBand = (raster: Raster): number => mean(raster, (x, y) => isBand(x, y) && isPrint(x, y));
    expect(paperInBand(seen)).toBeLessThan(0.45 * PAPER);
    expect(paperInBand(clear)).toBeGreaterThan(0.85 * PAPER);
    expect(printInBand(clear)).toBeLessThan(0.7 * paperInBand(clear));
    expect(mean(clear, (x, y) => !isBand(x, y) && isPrint(x, y))).toBeLessThan(0.7 * PAPER);
  });

  it('leaves print without bands as dark as it was', () => {
    const clear = withoutBands(picture(false));
    expect(mean(clear, isPrint)).toBeLessThan(1.15 * PRINT);
    expect(mean(clear, (x, y) => !isPrint(x, y))).toBeGreaterThan(0.95 * PAPER);
  });

  it('takes a picture smaller than the discs that directions are told in', () => {
    const small = withoutBands({ width: 9, height: 7, data: new Uint8Array(9 * 7 * 3).fill(120) });
    expect(small.data.every((level) => level === 120)).toBe(true);
  });
});

describe('closing', () => {
  it('fills dark lines up to its width, and leaves wider ones and edges where they are', () => {
    const row = [9, 9, 9, 1, 1, 9, 9, 9, 9, 1, 1, 1, 1, 1, 9, 9, 9, 3, 3, 3, 3, 3];
    const filled = closing({ width: row.length, height: 1, data: Float32Array.from(row) }, 2);
    expect([...filled]).toEqual([9, 9, 9, 9, 9, 9, 9, 9, 9, 1, 1, 1, 1, 1, 9, 9, 9, 3, 3, 3, 3, 3]);
  });
});
