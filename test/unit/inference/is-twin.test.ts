import { describe, expect, it } from 'vitest';
import { isTwin } from '../../../src/inference/card-reader/is-twin.ts';
import type { Quad } from '../../../src/text-lines/text-line.ts';

function box(left: number, top: number, right: number, bottom: number): Quad {
  return [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ];
}

const LINE = box(100, 50, 300, 70);

describe('isTwin', () => {
  it('takes what lies where a line does and is about as large for that line', () => {
    expect(isTwin(box(102, 51, 303, 71), LINE)).toBe(true);
  });

  it('does not take a line that goes on, nor the row below, for it: what is new would not be read', () => {
    expect(isTwin(box(100, 50, 320, 70), LINE)).toBe(false);
    expect(isTwin(box(100, 72, 300, 92), LINE)).toBe(false);
  });

  it('does not take a line for one of two rows that were found as one', () => {
    expect(isTwin(LINE, box(100, 45, 300, 75))).toBe(false);
  });
});
