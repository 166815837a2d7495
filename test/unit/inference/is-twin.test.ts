import { describe, expect, it } from 'vitest';
import { isTwin } from '../../../src/inference/card-reader/is-twin.ts';
import { quadAt } from './painted-card.ts';

const LINE = quadAt(100, 50, 300, 70);

describe('isTwin', () => {
  it('takes what lies where a line does and is about as large for that line', () => {
    expect(isTwin(quadAt(102, 51, 303, 71), LINE)).toBe(true);
  });

  it('does not take a line that goes on, nor the row below, for it: what is new would not be read', () => {
    expect(isTwin(quadAt(100, 50, 320, 70), LINE)).toBe(false);
    expect(isTwin(quadAt(100, 72, 300, 92), LINE)).toBe(false);
  });

  it('does not take a line for one of two rows that were found as one', () => {
    expect(isTwin(LINE, quadAt(100, 45, 300, 75))).toBe(false);
  });
});
