import { describe, expect, it } from 'vitest';
import { withBlankBehindStop } from '../../../src/inference/card-reader/blank-behind-stop.ts';
import { IDENTITY } from '../../../src/text-lines/homography.ts';
import { textLine } from '../ktp/card-lines.ts';
import { paint } from './painted-card.ts';

const HEIGHT = 48;
const WIDTH = 240;
const CAPITALS = 24;
const FIRST_LETTERS = 100;
const ROOM = 3;
const STOP_WIDTH = 4;

/** A line's picture: letters, a stop behind them, and letters so far behind it. */
function paintLine(gap: number, stopHeight: number, stop: number) {
  const next = stop + STOP_WIDTH + Math.round(gap * CAPITALS);
  const isOn = (x: number, y: number): boolean => {
    const row = y - (HEIGHT - CAPITALS) / 2;
    if (row < 0 || row >= CAPITALS) return false;
    if (x >= stop && x < stop + STOP_WIDTH) return row >= CAPITALS - stopHeight;
    const at = x < FIRST_LETTERS ? x : x - next;
    return at >= 0 && x < next + 60 && at % 20 < 14 && (at % 20 < 4 || row % 10 < 4);
  };
  return paint((x, y) => (isOn(x, y) ? 40 : 210), WIDTH, HEIGHT);
}

/** What becomes of a text, read in front of a line whose stop is followed by such a gap. */
function becomes(text: string, gap: number, stopHeight = 4, room = ROOM) {
  const line = textLine(text, [
    { x: 0, y: 0 },
    { x: WIDTH, y: 0 },
    { x: WIDTH, y: HEIGHT },
    { x: 0, y: HEIGHT },
  ]);
  const stop = text.indexOf('.');
  const painted = paintLine(gap, stopHeight, FIRST_LETTERS - 6 + room);
  const at = (FIRST_LETTERS - 6 + room + STOP_WIDTH / 2) / WIDTH;
  const characters = line.characters.map((character, index) => ({
    ...character,
    position: index <= stop ? (at * (index + 1)) / (stop + 1) : at + ((1 - at) * (index - stop)) / (text.length - stop),
  }));
  return withBlankBehindStop(painted, IDENTITY, { ...line, characters });
}

describe('withBlankBehindStop', () => {
  it('puts a blank where the ink has one: NO.3 for NO. 3, in doubt', () => {
    const { characters, text } = becomes('NO.31', 0.55);
    expect(text).toBe('NO. 31');
    expect(characters.find((character) => character.text === ' ')?.confidence).toBeLessThan(0.9);
    expect(becomes('JL.MELATI', 0.55).text).toBe('JL. MELATI');
  });

  it('takes one out where the ink has none: NO. 186 for NO.186, in doubt', () => {
    const { characters, text } = becomes('NO. 186', 0.2);
    expect(text).toBe('NO.186');
    expect(characters[3]).toMatchObject({ text: '1' });
    expect(characters[3]?.confidence).toBeLessThan(0.9);
  });

  it('tells where the ink has none, so that no faint blank is put there later: NO.23 was read NO. 23 at last', () => {
    expect(becomes('NO.23', 0.2).characters[2]).toMatchObject({ text: '.', isJoined: true });
    // Read and measured differently: either may be right.
    expect(becomes('NO. 186', 0.2).characters[2]?.isJoined).toBeUndefined();
    expect(becomes('NO.31', 0.36).characters[2]?.isJoined).toBeUndefined();
  });

  it('leaves what is as it was read, and what cannot be told', () => {
    expect(becomes('NO.31', 0.2).text).toBe('NO.31');
    expect(becomes('NO. 31', 0.55).text).toBe('NO. 31');
    expect(becomes('NO.31', 0.35).text).toBe('NO.31');
    expect(becomes('NO. 31', 0.35).text).toBe('NO. 31');
  });

  it('takes the foot of a letter that touches the stop for none', () => {
    expect(becomes('S.PD', 0.5, 4, 0).text).toBe('S.PD');
  });

  it('takes a stroke as high as letters for no stop', () => {
    expect(becomes('NO.31', 0.55, CAPITALS).text).toBe('NO.31');
  });

  it('tells initials from abbreviations of more letters in the same way, and leaves other stops: M.ASSO, K.H', () => {
    expect(becomes('M.ASSO', 0.55).text).toBe('M. ASSO');
    expect(becomes('K. H', 0.15).text).toBe('K.H');
    expect(becomes('PT.ASSO', 0.55).text).toBe('PT.ASSO');
  });
});
