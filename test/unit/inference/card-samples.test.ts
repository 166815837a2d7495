import { describe, expect, it } from 'vitest';
import { overviewOf } from '../../../src/inference/card-reader/card-samples.ts';
import { paint } from './painted-card.ts';

const page = () => ({ width: 400, height: 250, toSource: [1, 0, 0, 0, 1, 0, 0, 0, 1] as const });
const card = { left: 20, top: 20, right: 380, bottom: 230 };

describe('overviewOf', () => {
  it('is drawn once for all that is judged on it', () => {
    const [picture, own] = [paint((x) => x % 256, 400, 250), page()];
    const first = overviewOf(picture, own, card);
    expect(overviewOf(picture, own, { ...card })).toBe(first);
  });

  it('is never that of another picture, place or width on the same page', () => {
    const [picture, own] = [paint((x) => x % 256, 400, 250), page()];
    const first = overviewOf(picture, own, card);
    expect(
      overviewOf(
        paint(() => 7, 400, 250),
        own,
        card,
      ).data[0],
    ).toBe(7);
    expect(overviewOf(picture, own, { ...card, left: 60 })).not.toEqual(first);
    expect(overviewOf(picture, own, card, 128).width).toBe(128);
    expect(overviewOf(picture, own, card)).toEqual(first);
  });
});
