import { describe, expect, it } from 'vitest';
import { measureExposure } from '../../../src/media/quality/exposure.ts';
import { findGlare } from '../../../src/media/quality/glare.ts';
import { MOIRE_TILE, moirePeak } from '../../../src/media/quality/moire.ts';
import { edgeWidth } from '../../../src/media/quality/sharpness.ts';
import { evennessOfLight } from '../../../src/media/quality/uneven-light.ts';
import type { Raster } from '../../../src/media/raster.ts';

function paint(width: number, height: number, colour: (x: number, y: number) => [number, number, number]): Raster {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(colour(x, y), (y * width + x) * 3);
  return { width, height, data };
}

const lightBlue = (): [number, number, number] => [170, 205, 230];
function noise(x: number, y: number): number {
  let hash = Math.imul(x * 374_761 + y * 668_265 + 1, 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return ((hash ^ (hash >>> 16)) & 15) - 7;
}

describe('exposure', () => {
  it('is quiet about a card in good light', () => {
    expect(measureExposure(paint(128, 80, lightBlue))).toEqual({ dark: 0, bright: 0, grayscale: 0 });
  });

  it('tells dark, burnt-out and grey cards', () => {
    expect(measureExposure(paint(128, 80, () => [30, 40, 48])).dark).toBe(1);
    expect(measureExposure(paint(128, 80, () => [254, 254, 254])).bright).toBe(1);
    expect(measureExposure(paint(128, 80, () => [180, 181, 180])).grayscale).toBe(1);
  });
});

describe('glare', () => {
  it('finds a spot and where it is', () => {
    const inSpot = (x: number, y: number): boolean => Math.hypot(x - 128, y - 80) < 24;
    const { score, spots } = findGlare(paint(512, 320, (x, y) => (inSpot(x, y) ? [255, 255, 252] : lightBlue())));
    expect(spots).toHaveLength(1);
    const [left, top, right, bottom] = spots[0]!;
    expect(left).toBeCloseTo(104 / 512, 1);
    expect(right).toBeCloseTo(152 / 512, 1);
    expect(top).toBeCloseTo(56 / 320, 1);
    expect(bottom).toBeCloseTo(104 / 320, 1);
    expect(score).toBeGreaterThan(0);
  });

  it('finds none on an even card, nor on a white copy', () => {
    expect(findGlare(paint(512, 320, lightBlue)).spots).toEqual([]);
    expect(findGlare(paint(512, 320, () => [255, 255, 255])).spots).toEqual([]);
  });

  const WHITE: [number, number, number] = [252, 252, 252];
  it.each([
    ['at the right', (x: number) => x > 480],
    ['above', (_: number, y: number) => y < 24],
    ['round a corner', (x: number, y: number) => x > 490 || y < 16],
  ])('takes no white paper %s of a card for a burnt-out spot: clear scans were refused', (_, isPaper) => {
    const page = paint(512, 320, (x, y) => (isPaper(x, y) ? WHITE : lightBlue()));
    expect(findGlare(page)).toEqual({ score: 0, spots: [] });
  });

  it('finds a spot that runs from such paper into the card, and one at the edge of the card', () => {
    const inSpot = (x: number, y: number): boolean => Math.hypot(x - 430, y - 160) < 60;
    const beside = findGlare(paint(512, 320, (x, y) => (x > 480 || inSpot(x, y) ? WHITE : lightBlue())));
    expect(beside.score).toBeGreaterThan(0.25);
    expect(beside.spots[0]?.[0]).toBeCloseTo(370 / 512, 1);
    const alone = findGlare(paint(512, 320, (x, y) => (Math.hypot(x - 500, y - 160) < 50 ? WHITE : lightBlue())));
    expect(alone.score).toBeGreaterThan(0.25);
  });
});

describe('evenness of light', () => {
  const print = (x: number, y: number): boolean => y % 20 < 8 && x % 7 < 3;
  const lit = (light: (x: number) => number) =>
    evennessOfLight(
      paint(256, 162, (x, y) => {
        const [red, green, blue] = print(x, y) ? [40, 40, 40] : lightBlue();
        return [red * light(x), green * light(x), blue * light(x)];
      }),
    );

  it('is low where the edge of a shadow crosses a card, and not for its print or a lamp at one side', () => {
    expect(lit((x) => (x < 80 ? 1 : 0.3))).toBeLessThan(0.5);
    expect(lit(() => 1)).toBeGreaterThan(0.9);
    expect(lit((x) => 1 - x / 1200)).toBeGreaterThan(0.8);
  });
});

describe('sharpness', () => {
  const bars = (blur: number): Raster =>
    paint(200, 48, (x, y) => {
      const wave = (at: number): number => Math.min(1, Math.max(0, 0.5 + Math.sin(at / 4) * (8 / blur)));
      const value = 255 * wave(x) * wave(y);
      return [value, value, value];
    });

  it('grows with the width of edges', () => {
    const sharp = edgeWidth(bars(1))!;
    const soft = edgeWidth(bars(16))!;
    expect(sharp).toBeLessThan(3);
    expect(soft).toBeGreaterThan(2 * sharp);
  });

  it('says nothing of an empty crop', () => {
    expect(edgeWidth(paint(200, 48, lightBlue))).toBeNull();
  });
});

describe('moire', () => {
  it('stands far above print and noise', () => {
    const plain = paint(MOIRE_TILE, MOIRE_TILE, (x, y) => [170 + noise(x, y), 205 + noise(y, x), 230]);
    const beating = paint(MOIRE_TILE, MOIRE_TILE, (x, y) => {
      const fringe = 12 * Math.sin(x * 1.3 + y * 0.9);
      return [170 + noise(x, y) + fringe, 205 + noise(y, x) - fringe, 230];
    });
    expect(moirePeak(beating)).toBeGreaterThan(3000);
    expect(moirePeak(plain)).toBeLessThan(1000);
  });
});
