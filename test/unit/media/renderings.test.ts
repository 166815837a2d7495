import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { transform } from '../../../src/media/fourier.ts';
import { colouredInk } from '../../../src/media/quality/coloured-ink.ts';
import type { Raster } from '../../../src/media/raster.ts';
import { deblur } from '../../../src/media/renderings/deblur.ts';
import { estimateBlur } from '../../../src/media/renderings/estimate-blur.ts';
import { inkAlone } from '../../../src/media/renderings/ink-alone.ts';
import { withoutGrid } from '../../../src/media/renderings/without-grid.ts';

function paint(width: number, height: number, colour: (x: number, y: number) => readonly number[]): Raster {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(colour(x, y), (y * width + x) * 3);
  return { width, height, data };
}

const at = ({ width, data }: Raster, x: number, y: number): number => data[(y * width + x) * 3] as number;

describe('inkAlone', () => {
  const PAPER = [175, 205, 230];
  it.each([
    ['a red stamp', [200, 60, 70]],
    ['a violet stamp', [110, 80, 180]],
    ['grey words', [130, 150, 168]],
  ])('leaves out %s and keeps black print', (_, mark) => {
    const picture = paint(560, 300, (x, y) => {
      if (y % 20 < 3 && x > 100 && x < 300) return [35, 35, 40];
      return (x + y) % 60 < 8 ? mark : PAPER;
    });
    const ink = inkAlone(picture);
    expect(at(ink, 200, 141)).toBeLessThan(60);
    expect(at(ink, 420, (60 - (420 % 60) + 4) % 60)).toBeGreaterThan(200);
    expect(at(ink, 400, 150)).toBeGreaterThan(240);
  });

  it('keeps thin print, which is hardly darker than the stamp that lies over it', () => {
    const isPrint = (x: number, y: number): boolean => y % 20 < 2 && x > 100 && x < 460;
    const picture = paint(560, 300, (x, y) => {
      const ink = x % 90 < 30 ? [0.55, 0.4, 0.78] : [1, 1, 1];
      return PAPER.map((level, channel) => level * (ink[channel] ?? 1) * (isPrint(x, y) ? 0.55 : 1));
    });
    const ink = inkAlone(picture, [{ left: 130, top: 100, right: 178, bottom: 116 }]);
    for (const x of [150, 195]) expect(at(ink, x, 141)).toBeLessThan(130);
    for (const x of [150, 195]) expect(at(ink, x, 150)).toBeGreaterThan(200);
  });

  it('takes dark ink off thin print as wholly as light ink, by how dark it makes bare paper', () => {
    const isPrint = (x: number, y: number): boolean => y % 20 < 2 && x > 100 && x < 460;
    const picture = paint(560, 300, (x, y) => {
      const ink = x % 45 < 6 ? [0.25, 0.15, 0.5] : [1, 1, 1];
      return PAPER.map((level, channel) => level * (ink[channel] ?? 1) * (isPrint(x, y) ? 0.55 : 1));
    });
    const ink = inkAlone(picture, [{ left: 130, top: 100, right: 178, bottom: 116 }]);
    expect(at(ink, 183, 141)).toBeLessThan(130);
    expect(at(ink, 183, 150)).toBeGreaterThan(230);
  });

  it('sees print in the dark as in the light', () => {
    const picture = paint(560, 300, (x, y) => {
      const light = x < 280 ? 1 : 0.3;
      return (y % 20 < 3 && x % 40 < 20 ? [40, 40, 45] : PAPER).map((level) => level * light);
    });
    const ink = inkAlone(picture);
    for (const x of [90, 450]) {
      expect(at(ink, x, 141)).toBeLessThan(70);
      expect(at(ink, x, 150)).toBeGreaterThan(230);
    }
  });
});

describe('colouredInk', () => {
  it('tells a stamp from print and pattern, in poor light too', () => {
    const card = (stamp: boolean, light: number): Raster =>
      paint(256, 161, (x, y) => {
        const print = y % 12 < 2 && x > 20 && x < 150 ? 0.3 : 1;
        const ink = stamp && Math.abs(Math.hypot(x - 90, y - 80) - 40) < 2 ? [0.3, 0.35, 0.8] : [1, 1, 1];
        const pattern = (x + y) % 9 < 2 ? [0.96, 0.98, 1] : [1, 1, 1];
        return [175, 205, 230].map(
          (level, channel) => level * light * print * (ink[channel] ?? 1) * (pattern[channel] ?? 1),
        );
      });
    for (const light of [1, 0.5]) {
      expect(colouredInk(card(false, light))).toBeLessThan(0.001);
      expect(colouredInk(card(true, light))).toBeGreaterThan(0.01);
    }
  });

  it('takes the photo of a slanted card, whose edge reaches into the text, for no stamp', () => {
    const isPhoto = (x: number, y: number): boolean => y > 40 && y < 120 && x > 164 - (y - 40) / 20;
    const card = (hasStamp: boolean): Raster =>
      paint(256, 161, (x, y) => {
        if (isPhoto(x, y)) return [30, 80, 170];
        return hasStamp && x > 100 && x < 110 && y > 60 && y < 90 ? [60, 70, 190] : [175, 205, 230];
      });
    expect(colouredInk(card(false))).toBeLessThan(0.001);
    expect(colouredInk(card(true))).toBeGreaterThan(0.005);
  });
});

describe('withoutGrid', () => {
  it('takes the lines of a screen out and leaves the print between them', () => {
    const [width, height, pitch] = [400, 240, 7];
    const isPrint = (x: number, y: number): boolean =>
      y > 60 && y < 180 && Math.imul(Math.imul(x >> 2, 73856093) ^ Math.imul(y >> 2, 19349663), 0x9e3779b1) >>> 28 < 4;
    const seen = paint(width, height, (x, y) => {
      const level = (isPrint(x, y) ? 70 : 200) * (x % pitch === 0 ? 0.4 : 1);
      return [level, level, level];
    });
    const clear = withoutGrid(seen);
    const mean = (picture: Raster, wanted: (x: number, y: number) => boolean): number => {
      let [sum, count] = [0, 0];
      for (let y = 64; y < 176; y++) {
        for (let x = 40; x < 360; x++) {
          if (!wanted(x, y)) continue;
          sum += at(picture, x, y);
          count++;
        }
      }
      return sum / count;
    };
    const line = (picture: Raster): number =>
      mean(picture, (x, y) => !isPrint(x, y) && x % pitch === 3) -
      mean(picture, (x, y) => !isPrint(x, y) && x % pitch === 0);
    const print = (picture: Raster): number =>
      mean(picture, (x, y) => !isPrint(x, y) && x % pitch === 3) -
      mean(picture, (x, y) => isPrint(x, y) && x % pitch === 3);
    expect(line(seen)).toBeGreaterThan(100);
    expect(line(clear)).toBeLessThan(30);
    expect(print(clear)).toBeGreaterThan(60);
  });
});

describe('deblur', () => {
  it('makes letters of a moved picture black again', () => {
    const bar = (x: number, y: number): number => (y > 40 && y < 90 && x > 60 && x < 200 && x % 14 < 4 ? 30 : 220);
    const length = 9;
    const moved = paint(260, 130, (x, y) => {
      let sum = 0;
      for (let step = 0; step <= 18; step++) sum += bar(Math.round(x + (step / 18 - 0.5) * length), y);
      return [sum / 19, sum / 19, sum / 19];
    });
    const range = (picture: Raster): number => {
      const levels = Array.from({ length: 70 }, (_, index) => at(picture, 90 + index, 65));
      return Math.max(...levels) - Math.min(...levels);
    };
    const box = { left: 50, top: 30, right: 210, bottom: 100 };
    const sharp = deblur(moved, { kind: 'motion', length, angle: 0 }, [box]);
    expect(range(sharp)).toBeGreaterThan(1.6 * range(moved));
  });

  it('leaves what lies outside of the boxes as it was, but grey', () => {
    const picture = paint(600, 60, (x) => [x % 251, x % 251, x % 251]);
    const sharp = deblur(picture, { kind: 'disc', radius: 3 }, [{ left: 0, top: 0, right: 40, bottom: 60 }]);
    for (const x of [400, 500, 599]) expect(Math.abs(at(sharp, x, 30) - (x % 251))).toBeLessThan(2);
  });
});

describe('estimateBlur', () => {
  /** Black and white cells without any order: print has all frequencies. */
  const print = (x: number, y: number): number =>
    Math.imul(Math.imul(x >> 1, 73856093) ^ Math.imul(y >> 1, 19349663), 0x9e3779b1) >>> 28 < 6 ? 40 : 215;
  const picture = (kernel: readonly (readonly [number, number])[]): Raster =>
    paint(420, 260, (x, y) => {
      const mean = kernel.reduce((sum, [dx, dy]) => sum + print(x + dx + 60, y + dy + 60), 0) / kernel.length;
      return [mean, mean, mean];
    });
  const whole = [{ left: 0, top: 0, right: 420, bottom: 260 }];

  it('tells direction and length of a movement: kernels tried at random missed it in half of the pictures', () => {
    const angle = Math.PI / 6;
    const stroke = Array.from({ length: 49 }, (_, step) => {
      const along = (step / 48 - 0.5) * 12;
      return [Math.round(along * Math.cos(angle)), Math.round(along * Math.sin(angle))] as const;
    });
    const estimated = estimateBlur(picture(stroke), whole);
    expect(estimated?.fit).toBeGreaterThan(0.2);
    const { kernel } = estimated ?? {};
    if (kernel?.kind !== 'motion') throw new Error('another kind of blur was told');
    expect(Math.abs(kernel.length - 12)).toBeLessThan(1.5);
    expect(Math.abs(kernel.angle - angle)).toBeLessThan(0.1);
  });

  it('tells the radius of a picture out of focus', () => {
    const disc: [number, number][] = [];
    for (let y = -6; y <= 6; y++) for (let x = -6; x <= 6; x++) if (Math.hypot(x, y) <= 5.2) disc.push([x, y]);
    const { kernel } = estimateBlur(picture(disc), whole) ?? {};
    expect(kernel).toMatchObject({ kind: 'disc' });
    expect(Math.abs((kernel as { radius: number }).radius - 5.2)).toBeLessThan(0.6);
  });

  it('finds no kernel where there is no text to look at', () => {
    expect(estimateBlur(picture([[0, 0]]), [])).toBeNull();
  });
});

describe('transform', () => {
  it('is the discrete Fourier transform', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 16, maxLength: 16 }),
        (values) => {
          const real = Float64Array.from(values);
          const imaginary = new Float64Array(16);
          transform(real, imaginary, 0, 1, 16);
          for (let k = 0; k < 16; k++) {
            const expected = values.reduce((sum, value, n) => sum + value * Math.cos((-2 * Math.PI * k * n) / 16), 0);
            expect(real[k]).toBeCloseTo(expected, 6);
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});
