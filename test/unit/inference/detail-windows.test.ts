import { describe, expect, it } from 'vitest';
import { findDetailWindows } from '../../../src/inference/card-reader/detail-windows.ts';

describe('findDetailWindows', () => {
  it('finds print of a card that takes a seventh of a long picture, first of all', () => {
    const [width, height] = [1200, 2600];
    const data = new Uint8Array(width * height * 3).fill(210);
    // A card of 420 x 265 pixels with rows of strokes, at 500, 1800.
    for (let y = 1800; y < 2065; y++) {
      for (let x = 500; x < 920; x++) {
        if (y % 12 < 6 && x % 5 < 2) data.fill(30, (y * width + x) * 3, (y * width + x) * 3 + 3);
      }
    }
    const [first] = findDetailWindows({ width, height, data }, 4);
    expect(first).toBeDefined();
    const middle = { x: (first?.left ?? 0) + (first?.width ?? 0) / 2, y: (first?.top ?? 0) + (first?.height ?? 0) / 2 };
    expect(Math.abs(middle.x - 710)).toBeLessThan(120);
    expect(Math.abs(middle.y - 1932)).toBeLessThan(90);
  });

  it('finds nothing in an even picture', () => {
    const data = new Uint8Array(900 * 900 * 3).fill(128);
    expect(findDetailWindows({ width: 900, height: 900, data }, 4)).toEqual([]);
  });
});
