import { describe, expect, it } from 'vitest';
import type { Raster } from '../../../src/media/raster.ts';
import { localWhite } from '../../../src/media/renderings/local-white.ts';
import { printBelowInk } from '../../../src/media/renderings/print-below-ink.ts';

const [WIDTH, HEIGHT] = [560, 280];
const PAPER = [228, 236, 240] as const;
const PRINT = [70, 66, 68] as const;
/** What stamps' ink lets through of red, green and blue. */
const RED = [0.72, 0.19, 0.27] as const;
const BLUE = [0.21, 0.3, 0.69] as const;
const PARTS = {
  text: { left: 0, top: 0, right: WIDTH, bottom: HEIGHT },
  photo: { left: WIDTH, top: HEIGHT, right: WIDTH, bottom: HEIGHT },
};

const isPrint = (x: number): boolean => x % 20 < 5;
const isRed = (x: number, y: number): boolean => y >= 136 && y < 145 && x >= 60 && x < 400;
const isBlue = (x: number, y: number): boolean => x >= 233 && x < 244 && y >= 60 && y < 220;

/** Upright strokes of print with a red bar and a blue one across, which cross at 233-243, 136-144. */
function stamped(photo = false): Raster {
  const data = new Uint8Array(3 * WIDTH * HEIGHT);
  for (let y = 0, at = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      for (let channel = 0; channel < 3; channel++, at++) {
        let level: number = (isPrint(x) ? PRINT : PAPER)[channel] ?? 0;
        if (isRed(x, y)) level *= RED[channel] ?? 1;
        if (isBlue(x, y)) level *= BLUE[channel] ?? 1;
        data[at] = photo && x > 420 ? ([200, 110, 20][channel] ?? 0) : Math.round(level);
      }
    }
  }
  return { width: WIDTH, height: HEIGHT, data };
}

function printOf(picture: Raster, parts = PARTS): (x: number, y: number) => number {
  const print = printBelowInk(picture, localWhite(picture), parts);
  if (!print) throw new Error('the ink was not seen');
  return (x, y) => print[y * WIDTH + x] ?? 0;
}

describe('printBelowInk', () => {
  it('tells print from paper under one stamp, and under two that cross, where no channel is left bright', () => {
    const print = printOf(stamped());
    for (const [x, y] of [
      [150, 140],
      [236, 100],
      [236, 140],
    ] as const) {
      expect(print(x, y), `paper at ${x}, ${y}`).toBeGreaterThan(190);
    }
    for (const [x, y] of [
      [142, 140],
      [242, 100],
      [242, 140],
    ] as const) {
      expect(print(x, y), `print at ${x}, ${y}`).toBeLessThan(110);
    }
  });

  it('is not misled by the colours of the photo, which are more than the ink is', () => {
    const photo = { left: 415, top: 0, right: WIDTH, bottom: HEIGHT };
    const print = printOf(stamped(true), { ...PARTS, photo });
    expect(print(236, 140)).toBeGreaterThan(190);
    expect(print(242, 140)).toBeLessThan(110);
  });

  it('answers nothing where nothing is coloured', () => {
    const grey = stamped();
    for (let at = 0; at < grey.data.length; at += 3) grey.data.fill(grey.data[at + 1] ?? 0, at, at + 3);
    expect(printBelowInk(grey, localWhite(grey), PARTS)).toBeNull();
  });
});
