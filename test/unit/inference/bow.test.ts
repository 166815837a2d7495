import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bend, findBow, flatten } from '../../../src/inference/card-reader/bow.ts';
import type { Point, Quad, TextLine } from '../../../src/text-lines/text-line.ts';

const PAGE = { width: 1000, height: 630 };
const ROWS = [130, 170, 210, 250, 290, 330, 370, 410] as const;

function lineAt(left: number, right: number, y: number, lowered: (x: number) => number): TextLine {
  const at = (x: number, down: number): Point => ({ x, y: y + down + lowered(x) });
  const quad: Quad = [at(left, -10), at(right, -10), at(right, 10), at(left, 10)];
  return { text: 'X', confidence: 1, characters: [], quad };
}

/** A label and a value on each row. */
const rows = (lowered: (x: number) => number): TextLine[] =>
  ROWS.flatMap((y) => [lineAt(60, 220, y, lowered), lineAt(300, 560, y, lowered)]);

const heightOf = (quad: Quad): number => quad.reduce((sum, { y }) => sum + y, 0) / 4;
const bent = (x: number): number => 35 * ((2 * x) / PAGE.width - 1) ** 2;

describe('rows of a bent card', () => {
  it('are level once straightened: a value does not stand beside the label below its own', () => {
    const lines = rows(bent);
    const bow = findBow(lines, PAGE);
    expect(bow).not.toBeNull();
    if (!bow) return;
    for (let row = 0; row < ROWS.length; row++) {
      const [label, value] = [lines[2 * row], lines[2 * row + 1]];
      if (!label || !value) continue;
      expect(Math.abs(heightOf(label.quad) - heightOf(value.quad))).toBeGreaterThan(10);
      expect(Math.abs(heightOf(flatten(bow, label.quad)) - heightOf(flatten(bow, value.quad)))).toBeLessThan(4);
    }
  });

  it('are told in spite of text that runs otherwise', () => {
    const stamp = [0.3, 0.32, 0.28].map((slope, index) => lineAt(200, 500, 200 + 90 * index, (x) => slope * (x - 350)));
    expect(findBow([...rows(bent), ...stamp], PAGE)).not.toBeNull();
  });

  it('are not made up: straight, tilted and fanned rows have none', () => {
    fc.assert(
      fc.property(fc.double({ min: -0.1, max: 0.1, noNaN: true }), (tilt) => {
        expect(
          findBow(
            rows((x) => tilt * x),
            PAGE,
          ),
        ).toBeNull();
      }),
    );
    const fanned = ROWS.flatMap((y) => {
      const fan = (x: number): number => ((y - 315) / 315) * 0.08 * (x - 500);
      return [lineAt(60, 220, y, fan), lineAt(300, 560, y, fan)];
    });
    expect(findBow(fanned, PAGE)).toBeNull();
    expect(findBow(rows(bent).slice(0, 4), PAGE)).toBeNull();
  });

  it('come back to where they were', () => {
    const finite = fc.double({ min: -0.4, max: 0.4, noNaN: true });
    fc.assert(
      fc.property(finite, finite, finite, (tilt, turn, twist) => {
        const bow = { page: PAGE, tilt, turn, twist };
        const { quad } = lineAt(60, 220, 130, bent);
        const back = bend(bow, flatten(bow, quad));
        for (const [index, { x, y }] of quad.entries()) {
          expect(back[index as 0]?.x).toBe(x);
          expect(back[index as 0]?.y).toBeCloseTo(y, 3);
        }
      }),
    );
  });
});
