import { describe, expect, it } from 'vitest';
import type { Raster } from '../../../src/media/raster.ts';
import { withoutRepeats } from '../../../src/media/renderings/without-repeats.ts';

const WIDTH = 480;
const HEIGHT = 300;
const PAPER = [190, 205, 230];
const PRINT = [30, 30, 35];

/** Whether a letter of a made-up alphabet has ink at a place of its 5 x 7 cells. */
function hasInk(letter: number, column: number, row: number): boolean {
  if (column < 0 || column > 4 || row < 0 || row > 6) return false;
  const noise = Math.sin(letter * 127.1 + column * 311.7 + row * 74.7) * 43_758.5453;
  return noise - Math.floor(noise) < 0.55;
}

/** Rows of print, each of other letters of unequal widths. */
function isPrint(x: number, y: number): boolean {
  if (x < 60 || x > 400 || y < 30 || y > 270) return false;
  const row = Math.floor(y / 20);
  const along = Math.round(x + 12 * Math.sin((x + 61 * row) / 29));
  return hasInk(row * 100 + Math.floor(along / 12), Math.floor((along % 12) / 2), Math.floor((y % 20) / 2));
}

/** The same word of eight letters all over the picture, aslant. */
function isMark(x: number, y: number): boolean {
  const [cos, sin] = [Math.cos(0.4), Math.sin(0.4)];
  const [u, v] = [x * cos + y * sin + 1000, y * cos - x * sin + 1000];
  const line = Math.floor(v / 46);
  const along = (u + 31 * (line % 3)) % 170;
  return hasInk(7000 + Math.floor(along / 18), Math.floor((along % 18) / 3), Math.floor((v % 46) / 3));
}

function draw(colourOf: (x: number, y: number) => readonly number[]): Raster {
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y++) for (let x = 0; x < WIDTH; x++) data.set(colourOf(x, y), (y * WIDTH + x) * 3);
  return { width: WIDTH, height: HEIGHT, data };
}

const clean = draw((x, y) => (isPrint(x, y) ? PRINT : PAPER));

/** By how much two pictures differ, on average, where a mark lies over the first. */
function differenceUnderMark(picture: Raster): number {
  let sum = 0;
  let count = 0;
  for (let y = 20; y < HEIGHT - 20; y++) {
    for (let x = 20; x < WIDTH - 20; x++) {
      if (!isMark(x, y)) continue;
      const at = (y * WIDTH + x) * 3 + 1;
      sum += Math.abs((picture.data[at] as number) - (clean.data[at] as number));
      count++;
    }
  }
  return sum / count;
}

describe('withoutRepeats', () => {
  it.each([
    ['grey paint', (below: number) => 0.45 * below + 0.55 * 70],
    ['dark ink', (below: number) => below * 0.5],
  ])('takes words in %s, written all over a card, off print and paper', (_, cover) => {
    const covered = draw((x, y) => {
      const below = isPrint(x, y) ? PRINT : PAPER;
      return isMark(x, y) ? below.map(cover) : below;
    });
    const bare = withoutRepeats(covered, 0);
    expect(bare).not.toBeNull();
    expect(differenceUnderMark(bare ?? covered)).toBeLessThan(differenceUnderMark(covered) / 3);
  });

  it('takes off nothing of print alone, whose rows are repeated at equal distances', () => {
    expect(withoutRepeats(clean, 0)).toBeNull();
  });
});
