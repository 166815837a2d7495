import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findComponents } from '../../../src/inference/ppocr/components.ts';
import { boxesFromProbabilities } from '../../../src/inference/ppocr/db-postprocess.ts';
import { convexHull, minAreaRectangle } from '../../../src/inference/ppocr/min-area-rectangle.ts';

function map(width: number, height: number, inside: (x: number, y: number) => boolean) {
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[y * width + x] = inside(x, y) ? 0.9 : 0.02;
  return { width, height, data };
}

describe('boxesFromProbabilities', () => {
  it('finds a bar and grows it by its area over its perimeter', () => {
    const [box, ...others] = boxesFromProbabilities(map(128, 64, (x, y) => x >= 20 && x < 100 && y >= 30 && y < 38));
    expect(others).toEqual([]);
    // 80 x 8 after the mask's growth by one pixel; distance 80 * 8 * 1.6 / (2 * 88) = 5.8.
    expect(box?.quad[0].x).toBeCloseTo(20 - 5.8, 0);
    expect(box?.quad[0].y).toBeCloseTo(30 - 5.8, 0);
    expect(box?.quad[2].x).toBeCloseTo(100 + 5.8, 0);
    expect(box?.quad[2].y).toBeCloseTo(38 + 5.8, 0);
  });

  it('follows a slanted bar', () => {
    const slope = Math.tan((20 * Math.PI) / 180);
    const boxes = boxesFromProbabilities(
      map(160, 120, (x, y) => x > 20 && x < 140 && Math.abs(y - 30 - (x - 20) * slope) < 6),
    );
    expect(boxes).toHaveLength(1);
    const [from, to] = boxes[0]!.quad;
    expect((Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI).toBeCloseTo(20, -0.5);
  });

  it('leaves out specks and faint regions, and sorts rows', () => {
    const bars = (x: number, y: number): boolean =>
      (y >= 10 && y < 16 && ((x >= 70 && x < 110) || (x >= 8 && x < 48))) || (y >= 40 && y < 46 && x >= 8 && x < 48);
    const probabilities = map(128, 64, (x, y) => bars(x, y) || (x === 120 && y === 60));
    for (let x = 80; x < 120; x++) for (let y = 40; y < 48; y++) probabilities.data[y * 128 + x] = 0.35;
    const boxes = boxesFromProbabilities(probabilities);
    expect(boxes.map(({ quad }) => [Math.round(quad[0].x / 10), Math.round(quad[0].y / 10)])).toEqual([
      [0, 1],
      [7, 1],
      [0, 4],
    ]);
  });

  it('finds nothing on an empty map', () => {
    expect(boxesFromProbabilities(map(32, 32, () => false))).toEqual([]);
  });
});

describe('regions and rectangles', () => {
  it('counts diagonal neighbours as one region', () => {
    const mask = Uint8Array.from([1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0]);
    expect(findComponents(mask, 4, 3).map(({ pixels }) => pixels)).toEqual([1, 1, 1]);
    const diagonal = Uint8Array.from([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
    expect(findComponents(diagonal, 4, 3).map(({ pixels }) => pixels)).toEqual([3]);
  });

  const point = fc.record({ x: fc.integer({ min: -50, max: 50 }), y: fc.integer({ min: -50, max: 50 }) });

  it('the smallest rectangle holds all points and is no larger than the upright one', () => {
    fc.assert(
      fc.property(fc.array(point, { minLength: 3, maxLength: 40 }), (points) => {
        const { centre, axis, width, height } = minAreaRectangle(points);
        const xs = points.map(({ x }) => x);
        const ys = points.map(({ y }) => y);
        const upright = (Math.max(...xs) - Math.min(...xs)) * (Math.max(...ys) - Math.min(...ys));
        expect(width * height).toBeLessThanOrEqual(upright + 1e-6);
        for (const { x, y } of points) {
          const along = (x - centre.x) * axis.x + (y - centre.y) * axis.y;
          const across = (y - centre.y) * axis.x - (x - centre.x) * axis.y;
          expect(Math.abs(along)).toBeLessThanOrEqual(width / 2 + 1e-6);
          expect(Math.abs(across)).toBeLessThanOrEqual(height / 2 + 1e-6);
        }
        expect(convexHull(points).length).toBeLessThanOrEqual(points.length);
      }),
    );
  });
});
