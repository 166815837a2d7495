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

  it('takes off the soft edges of dark ink, which are darker for their colour than its middle', () => {
    const [violet, edge] = [[0.12, 0.1, 0.5], 0.5] as const;
    const picture = stamped();
    for (let y = 40; y < 52; y++) {
      const share = y === 40 || y === 51 ? edge : y === 41 || y === 50 ? (1 + edge) / 2 : 1;
      for (let x = 20; x < 540; x++) {
        for (let channel = 0; channel < 3; channel++) {
          const at = 3 * (y * WIDTH + x) + channel;
          picture.data[at] = Math.round((picture.data[at] ?? 0) * (1 - share + share * (violet[channel] ?? 1)));
        }
      }
    }
    for (let at = 3 * 60 * WIDTH; at < picture.data.length; at++) picture.data[at] = PAPER[at % 3] ?? 0;
    const print = printOf(picture);
    for (const y of [40, 41, 45, 51]) expect(print(30, y), `paper at ${y}`).toBeGreaterThan(215);
    for (const y of [40, 45]) expect(print(42, y), `print at ${y}`).toBeLessThan(110);
  });

  it('does not take print for an ink that shows a hue of its own on coloured paper', () => {
    const [paper, black] = [
      [150, 215, 220],
      [52, 47, 50],
    ] as const;
    const picture = stamped();
    for (let y = 0, at = 0; y < HEIGHT; y++) {
      for (let x = 0; x < WIDTH; x++) {
        const isInk = y >= 200 && y < 206;
        for (let channel = 0; channel < 3; channel++, at++) {
          const level = (isPrint(x) && !isInk ? black : paper)[channel] ?? 0;
          picture.data[at] = Math.round(level * (isInk ? (RED[channel] ?? 1) : 1));
        }
      }
    }
    const print = printOf(picture);
    expect(print(142, 100), 'print').toBeLessThan(140);
    expect(print(150, 203), 'paper under ink').toBeGreaterThan(190);
  });

  it('answers nothing where nothing is coloured', () => {
    const grey = stamped();
    for (let at = 0; at < grey.data.length; at += 3) grey.data.fill(grey.data[at + 1] ?? 0, at, at + 3);
    expect(printBelowInk(grey, localWhite(grey), PARTS)).toBeNull();
  });
});
