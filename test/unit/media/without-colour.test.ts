import { describe, expect, it } from 'vitest';
import type { Raster } from '../../../src/media/raster.ts';
import { separateInk } from '../../../src/media/renderings/separate-ink.ts';
import { withoutColour } from '../../../src/media/renderings/without-colour.ts';

const [WIDTH, HEIGHT] = [560, 280];
const PAPER = [228, 236, 240] as const;
const PRINT = [44, 40, 42] as const;
/** Of a photo editor: it covers black print as well as paper. */
const PAINT = { colour: [192, 24, 24], opacity: 0.55 } as const;
const WHOLE = { left: 0, top: 0, right: WIDTH, bottom: HEIGHT };
const NO_PHOTO = { left: WIDTH, top: HEIGHT, right: WIDTH, bottom: HEIGHT };

const isPrint = (x: number): boolean => x % 20 < 4;
const isPainted = (x: number, y: number): boolean => y >= 136 && y < 145 && x >= 60 && x < 400;

/** Upright strokes of print with a bar of paint across; `photo` paints what lies right of 420 blue. */
function picture(photo = false): Raster {
  const data = new Uint8Array(3 * WIDTH * HEIGHT);
  for (let y = 0, at = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const own = isPrint(x) ? PRINT : PAPER;
      for (let channel = 0; channel < 3; channel++, at++) {
        const below = own[channel] ?? 0;
        const paint = PAINT.colour[channel] ?? 0;
        const shown = isPainted(x, y) ? below + PAINT.opacity * (paint - below) : below;
        data[at] = photo && x > 420 ? ([20, 60, 190][channel] ?? 0) : Math.round(shown);
      }
    }
  }
  return { width: WIDTH, height: HEIGHT, data };
}

function darkest({ data }: Raster, x: number, y: number): number {
  return Math.min(...data.subarray(3 * (y * WIDTH + x), 3 * (y * WIDTH + x) + 3));
}

describe('withoutColour', () => {
  it('gives print and paper under coloured paint their contrast back', () => {
    const painted = picture();
    const bare = withoutColour(painted, separateInk(painted), WHOLE, NO_PHOTO);
    if (!bare) throw new Error('the paint was not seen');
    expect(darkest(painted, 230, 140) - darkest(painted, 222, 140)).toBeLessThan(100);
    expect(darkest(bare, 230, 140)).toBeGreaterThan(200);
    expect(darkest(bare, 222, 140)).toBeLessThan(100);
    expect(darkest(bare, 230, 60)).toBe(darkest(painted, 230, 60));
  });

  it('measures the paint beside a photo of another colour, and leaves that as it is', () => {
    const painted = picture(true);
    const photo = { left: 415, top: 0, right: WIDTH, bottom: HEIGHT };
    const bare = withoutColour(painted, separateInk(painted), WHOLE, photo);
    if (!bare) throw new Error('the paint was not seen');
    expect(darkest(bare, 230, 140)).toBeGreaterThan(200);
    expect(darkest(bare, 222, 140)).toBeLessThan(100);
    expect(darkest(bare, 500, 140)).toBe(darkest(painted, 500, 140));
  });

  it('answers nothing where nothing is coloured', () => {
    const grey = picture();
    for (let at = 0; at < grey.data.length; at += 3) grey.data.fill(grey.data[at + 1] ?? 0, at, at + 3);
    expect(withoutColour(grey, separateInk(grey), WHOLE, NO_PHOTO)).toBeNull();
  });
});
