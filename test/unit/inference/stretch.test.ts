import { describe, expect, it } from 'vitest';
import { frameFromLabels } from '../../../src/inference/card-reader/card-frame.ts';
import { findLabelHits } from '../../../src/inference/card-reader/label-hits.ts';
import { stretchOf, unstretch } from '../../../src/inference/card-reader/stretch.ts';
import { mapQuad } from '../../../src/text-lines/homography.ts';
import { cardLines, SPECIMEN } from '../ktp/card-lines.ts';
import { paint } from './painted-card.ts';

/** How stretched the specimen's lines seem that were made so many times wider. */
function seen(times: number): number | null {
  const lines = cardLines(SPECIMEN).lines.map((line) => ({
    ...line,
    quad: mapQuad([times, 0, 0, 0, 1, 0, 0, 0, 1], line.quad),
  }));
  const frame = frameFromLabels(findLabelHits(lines));
  return frame && stretchOf(lines, frame);
}

describe('stretchOf', () => {
  it.each([0.5, 0.7, 1, 1.6, 2])('tells by its columns that a card is %s times too wide', (times) => {
    expect((seen(times) ?? 0) / times).toBeCloseTo(1, 0);
    expect(Math.abs(Math.log((seen(times) ?? 0) / times))).toBeLessThan(Math.log(1.2));
  });

  it('tells nothing by few rows', () => {
    const lines = cardLines(SPECIMEN).lines.slice(0, 8);
    expect(stretchOf(lines, { left: 0, top: 0, right: 860, bottom: 542 })).toBeNull();
  });
});

describe('stretchOf under a stamp', () => {
  it('tells nothing where rows lost the beginnings of their values, so that a card of its own form stays as it is', () => {
    const { lines } = cardLines(SPECIMEN);
    const covered = lines
      .filter(({ text }) => !/^ ?: ?$/.test(text))
      .map((line, index) => {
        const [topLeft, topRight, bottomRight, bottomLeft] = line.quad;
        const isValue = topLeft.x > 200 && topLeft.x < 500;
        const lost = isValue ? 60 * (index % 5) : 0;
        const quad = [
          { ...topLeft, x: topLeft.x + lost },
          { ...topRight, x: topRight.x + lost },
          { ...bottomRight, x: bottomRight.x + lost },
          { ...bottomLeft, x: bottomLeft.x + lost },
        ] as const;
        return { ...line, quad };
      });
    const frame = frameFromLabels(findLabelHits(covered));
    expect(frame && stretchOf(covered, frame)).toBeNull();
  });
});

describe('unstretch', () => {
  const wide = paint((x, y) => (x < 100 && y < 40 ? 20 : 200), 400, 160);

  it.each([
    ['a wide picture higher', 2, 0, 400, 320],
    ['a high picture wider', 0.5, Math.PI, 800, 160],
    ['a picture whose text runs upwards wider', 2, -Math.PI / 2, 800, 160],
  ])('makes %s', (_, stretch, angle, width, height) => {
    const { picture, toImage } = unstretch(wide, stretch, angle);
    expect(picture.base).toMatchObject({ width, height });
    expect([toImage[0] * width, toImage[4] * height]).toEqual([400, 160]);
    // What stood in the corner still does.
    const at = (x: number, y: number) =>
      picture.base.data[3 * (Math.floor(y * height) * width + Math.floor(x * width))];
    expect([at(0.1, 0.1), at(0.4, 0.1), at(0.1, 0.4)]).toEqual([20, 200, 200]);
  });

  it('keeps a picture within bounds', () => {
    expect(unstretch(wide, 2, 0, 32_000).picture.base).toMatchObject({ width: 200, height: 160 });
  });
});
