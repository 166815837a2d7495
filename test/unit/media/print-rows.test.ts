import { describe, expect, it } from 'vitest';
import { findPrintRows } from '../../../src/media/quality/print-rows.ts';
import type { Raster } from '../../../src/media/raster.ts';
import { joinStrokes } from '../../../src/media/renderings/join-strokes.ts';

const UNIT = 180;
const PITCH = 22;

/** White paper on which what `isInk` says is black. */
function paper(isInk: (x: number, y: number) => boolean): Raster {
  const [width, height] = [640, 520];
  const data = new Uint8Array(width * height * 3).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) if (isInk(x, y)) data.fill(0, (y * width + x) * 3, (y * width + x) * 3 + 3);
  }
  return { width, height, data };
}

/** Twelve rows below a NIK at (200, 100), of which a few pixels of each letter are left, and specks around them. */
function brokenRows(x: number, y: number): boolean {
  const row = Math.round((y - 138) / PITCH);
  const inRow = row >= 0 && row < 12 && Math.abs(y - 138 - row * PITCH) < 7;
  const isValue = x >= 212 && x < 212 + 60 + ((row * 37) % 90);
  return (inRow && isValue && (x * 7 + y * 13) % 11 === 0) || (x * 97 + y * 193) % 2311 === 0;
}

describe('rows of print in pieces', () => {
  it('are found by their ink, each where its values begin, and no more of them than there are', () => {
    const rows = findPrintRows(paper(brokenRows), { x: 200, y: 100, angle: 0, unit: UNIT });
    expect(rows?.middles).toHaveLength(12);
    expect(rows?.pitch).toBeCloseTo(PITCH, 0);
    expect(Math.abs((rows?.valueLeft ?? 0) - 12)).toBeLessThan(4);
    for (const [row, middle] of (rows?.middles ?? []).entries()) {
      expect(Math.abs(middle - 38 - row * PITCH)).toBeLessThan(4);
    }
  });

  it('are none on paper with specks alone', () => {
    const blank = findPrintRows(
      paper(() => false),
      { x: 200, y: 100, angle: 0, unit: UNIT },
    );
    expect(blank).toBeNull();
  });

  it('are dark between the pieces of a stroke once these are joined', () => {
    const dashes = paper((x, y) => y >= 50 && y < 52 && x % 4 < 2);
    const joined = joinStrokes(dashes, { spread: 1, gain: 2 });
    const at = (x: number, y: number): number => joined.data[(y * joined.width + x) * 3] as number;
    expect(at(302, 50)).toBeLessThan(160);
    expect(at(302, 58)).toBeGreaterThan(240);
  });
});
