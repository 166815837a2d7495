import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { halveRaster, RasterPyramid } from '../../../src/media/raster.ts';
import { sampleRaster } from '../../../src/media/sample.ts';
import {
  applyHomography,
  composeHomographies,
  invertHomography,
  mapQuad,
  quadToQuad,
  rectangleToQuad,
} from '../../../src/text-lines/homography.ts';
import type { Quad } from '../../../src/text-lines/text-line.ts';

const jitter = fc.double({ min: -20, max: 20, noNaN: true });
/** Convex quads: a square of 100 whose corners are moved a little. */
const quads = fc.array(jitter, { minLength: 8, maxLength: 8 }).map(
  ([a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0]): Quad => [
    { x: a, y: b },
    { x: 100 + c, y: d },
    { x: 100 + e, y: 100 + f },
    { x: g, y: 100 + h },
  ],
);

function close(actual: Quad, expected: Quad): void {
  for (const [corner, point] of actual.entries()) {
    expect(point.x).toBeCloseTo(expected[corner as 0].x, 5);
    expect(point.y).toBeCloseTo(expected[corner as 0].y, 5);
  }
}

describe('homographies', () => {
  it('take the corners of a rectangle to those of any quad', () => {
    fc.assert(
      fc.property(quads, (quad) => {
        const rectangle: Quad = [
          { x: 0, y: 0 },
          { x: 48, y: 0 },
          { x: 48, y: 30 },
          { x: 0, y: 30 },
        ];
        close(mapQuad(rectangleToQuad(48, 30, quad), rectangle), quad);
      }),
    );
  });

  it('have inverses, and take quads to quads', () => {
    fc.assert(
      fc.property(quads, quads, (from, to) => {
        const map = quadToQuad(from, to);
        close(mapQuad(map, from), to);
        close(mapQuad(composeHomographies(invertHomography(map), map), from), from);
      }),
    );
  });

  it('of points on one line are refused', () => {
    const flat: Quad = [
      { x: 0, y: 0 },
      { x: 1, y: 0 },
      { x: 2, y: 0 },
      { x: 3, y: 0 },
    ];
    expect(() => rectangleToQuad(1, 1, flat)).toThrow(RangeError);
    expect(() => invertHomography([1, 0, 0, 2, 0, 0, 0, 0, 1])).toThrow(RangeError);
  });

  it('apply to points', () => {
    expect(applyHomography([2, 0, 1, 0, 3, -1, 0, 0, 1], { x: 4, y: 5 })).toEqual({ x: 9, y: 14 });
  });
});

describe('sampleRaster', () => {
  const gradient = {
    width: 64,
    height: 64,
    data: Uint8Array.from({ length: 64 * 64 * 3 }, (_, index) => Math.floor(index / 3) % 64),
  };

  it('copies under the identity', () => {
    const copy = sampleRaster(new RasterPyramid(gradient), [1, 0, 0, 0, 1, 0, 0, 0, 1], 64, 64);
    expect(copy.data).toEqual(gradient.data);
  });

  it.each([2, 3, 4, 6])('averages when it reduces %i times', (factor) => {
    const side = Math.floor(64 / factor);
    const small = sampleRaster(new RasterPyramid(gradient), [factor, 0, 0, 0, factor, 0, 0, 0, 1], side, side);
    for (let x = 1; x < side - 1; x++) {
      expect(Math.abs((small.data[x * 3] ?? 0) - ((x + 0.5) * factor - 0.5))).toBeLessThan(1.6);
    }
  });

  it('repeats the edge outside of the picture', () => {
    const outside = sampleRaster(new RasterPyramid(gradient), [1, 0, -10, 0, 1, -10, 0, 0, 1], 8, 8);
    expect([...outside.data].every((value) => value === 0)).toBe(true);
  });

  it('reads the same pixels by the short way for upright maps as by that for any', () => {
    const scales = fc.double({ min: 0.2, max: 9, noNaN: true });
    const offsets = fc.double({ min: -30, max: 80, noNaN: true });
    const sides = fc.integer({ min: 1, max: 24 });
    const noise = { width: 61, height: 47, data: Uint8Array.from({ length: 61 * 47 * 3 }, (_, at) => (at * at) % 251) };
    fc.assert(
      fc.property(scales, scales, offsets, offsets, sides, sides, (a, e, c, f, width, height) => {
        const sample = (turn: number) =>
          sampleRaster(new RasterPyramid(noise), [a, turn, c, 0, e, f, 0, 0, 1], width, height).data;
        // So little of a turn moves nothing.
        expect(sample(0)).toEqual(sample(Number.MIN_VALUE));
      }),
    );
  });

  it('halves pictures of odd sizes', () => {
    expect(halveRaster({ width: 5, height: 3, data: new Uint8Array(45).fill(9) })).toEqual({
      width: 2,
      height: 1,
      data: new Uint8Array(6).fill(9),
    });
    expect(halveRaster({ width: 1, height: 1, data: Uint8Array.of(1, 2, 3) }).data).toEqual(Uint8Array.of(1, 2, 3));
  });
});
