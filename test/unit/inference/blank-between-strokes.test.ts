import { describe, expect, it } from 'vitest';
import { withBlankBetweenStrokes } from '../../../src/inference/card-reader/blank-between-strokes.ts';
import { IDENTITY } from '../../../src/text-lines/homography.ts';
import { textLine } from '../ktp/card-lines.ts';
import { paint } from './painted-card.ts';

const HEIGHT = 48;
const WIDTH = 300;
/** Half of the height of a line is that of its capitals. */
const CAPITALS = 24;

/** A line's picture whose last letters are strokes of I that begin in these columns; broad letters stand before them. */
function paintLine(strokes: readonly number[], lastHeight = CAPITALS) {
  const isOn = (x: number, y: number): boolean => {
    const stroke = strokes.findIndex((left) => x >= left && x < left + 4);
    const height = stroke === strokes.length - 1 ? lastHeight : CAPITALS;
    if (stroke >= 0) return Math.abs(y - HEIGHT / 2) < height / 2;
    return Math.abs(y - HEIGHT / 2) < CAPITALS / 2 && x < 100 && x % 20 < 12 && (x % 20 < 4 || y % 12 < 4);
  };
  return paint((x, y) => (isOn(x, y) ? 40 : 210), WIDTH, HEIGHT);
}

/** What becomes of a text whose last stroke was read at a share of the line. */
function becomes(text: string, strokes: readonly number[], lastAt: number, lastHeight?: number) {
  const line = textLine(text, [
    { x: 0, y: 0 },
    { x: WIDTH, y: 0 },
    { x: WIDTH, y: HEIGHT },
    { x: 0, y: HEIGHT },
  ]);
  const characters = line.characters.map((character, index) => ({
    ...character,
    position: (lastAt * (index + 1)) / line.characters.length,
  }));
  return withBlankBetweenStrokes(paintLine(strokes, lastHeight), IDENTITY, { ...line, characters });
}

describe('withBlankBetweenStrokes', () => {
  it('puts back a blank between two equal strokes, which the recogniser sees in one step: ANDII for ANDI I', () => {
    expect(becomes('ANDII', [110, 129], 0.44).text).toBe('ANDI I');
    expect(becomes('BUDIII', [110, 129, 139], 0.47).text).toBe('BUDI II');
  });

  it('puts back a last stroke that was overlooked, in doubt: ANDI for ANDI I', () => {
    const { characters, text } = becomes('ANDI', [110, 129], 112 / WIDTH);
    expect(text).toBe('ANDI I');
    expect(characters.at(-1)?.confidence).toBeLessThan(0.7);
  });

  it('leaves words and numerals whose strokes stand close: SYAFII, SUKAMAJU III', () => {
    expect(becomes('SYAFII', [110, 119], 0.4).text).toBe('SYAFII');
    expect(becomes('SUKAMAJUIII', [110, 119, 128], 0.43).text).toBe('SUKAMAJUIII');
  });

  it('leaves the stem of a letter with arms, whose room is no blank: WIDIASTUTI', () => {
    expect(becomes('WIDIASTUTI', [110, 129], 0.45).text).toBe('WIDIASTUTI');
    expect(becomes('IMRONI', [110, 129], 0.45).text).toBe('IMRON I');
  });

  it('takes an edge that is higher than the print for no letter', () => {
    expect(becomes('ANDI', [110, 129], 112 / WIDTH, 46).text).toBe('ANDI');
  });
});
