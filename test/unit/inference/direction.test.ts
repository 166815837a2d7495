import { describe, expect, it } from 'vitest';
import { decideDirection } from '../../../src/inference/card-reader/direction.ts';
import { readAlong } from '../../../src/inference/card-reader/text-direction.ts';
import type { PpOcr } from '../../../src/inference/ppocr/ppocr.ts';
import { RasterPyramid } from '../../../src/media/raster.ts';
import type { Quad, TextLine } from '../../../src/text-lines/text-line.ts';

const picture = new RasterPyramid({ width: 8, height: 8, data: new Uint8Array(8 * 8 * 3) });

/** Rows of two columns: labels at the left, values at the right. */
const quads: Quad[] = [0, 1, 2].flatMap((row) =>
  [0, 400].map((left): Quad => {
    const top = 40 * row;
    return [
      { x: left, y: top },
      { x: left + 120, y: top },
      { x: left + 120, y: top + 20 },
      { x: left, y: top + 20 },
    ];
  }),
);

function line(quad: Quad, text: string, confidence: number): TextLine {
  const characters = [...text].map((letter, at) => ({ text: letter, confidence, position: (at + 0.5) / text.length }));
  return { text, confidence, characters, quad };
}

/** Tells a recogniser's answers by the row and column of a box that is read the right way; upside down it says other things. */
function recogniser(rightWay: number, texts: readonly string[]) {
  const angles: number[] = [];
  const ocr = {
    recognise: async (_: RasterPyramid, asked: readonly Quad[]) => {
      const [first] = asked;
      const angle = first ? Math.atan2(first[1].y - first[0].y, first[1].x - first[0].x) : 0;
      angles.push(angle);
      return asked.map((quad) => {
        const place = quads.findIndex(
          (own) =>
            Math.min(...own.map(({ x }) => x)) === Math.min(...quad.map(({ x }) => x)) &&
            Math.min(...own.map(({ y }) => y)) === Math.min(...quad.map(({ y }) => y)),
        );
        const isRight = Math.abs(Math.cos(angle) - Math.cos(rightWay)) < 0.1;
        return isRight ? line(quad, texts[place] ?? '', 0.8) : line(quad, 'wvNrH', 0.7);
      });
    },
  } satisfies Pick<PpOcr, 'recognise'>;
  return { ocr: ocr as unknown as PpOcr, angles };
}

const CARD = ['Kewarganegaraan', 'en', 'Berlaku Hingga', 'wvUr', 'Jenis Kelamin', 'IIEN'];

describe('the direction that lines are read in', () => {
  it('is told by clear labels alone: a signature beside them costs no reading upside down', async () => {
    const { ocr, angles } = recogniser(0, CARD);
    const { angle, labels } = await decideDirection(ocr, picture, quads, 0);
    expect([angle, angles]).toEqual([0, [0]]);
    expect(labels).toBeGreaterThan(1.5);
  });

  it('is looked for from the other end where no labels were read', async () => {
    const turned = quads.map((quad) => readAlong(quad, Math.PI));
    const { ocr, angles } = recogniser(Math.PI, CARD);
    const { angle } = await decideDirection(ocr, picture, turned, 0);
    expect(Math.abs(angle)).toBeCloseTo(Math.PI);
    expect(angles).toHaveLength(2);
  });
});
