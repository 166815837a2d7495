import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wholePictureWindow } from '../../../src/inference/ppocr/detection.ts';
import { createPpOcr, type PpOcr } from '../../../src/inference/ppocr/ppocr.ts';
import { decodeImage } from '../../../src/media/decode.ts';
import { RasterPyramid } from '../../../src/media/raster.ts';
import { mapQuad } from '../../../src/text-lines/homography.ts';
import type { TextLine } from '../../../src/text-lines/text-line.ts';
import { FIXTURES, MODEL_PATHS } from './models.ts';

describe('a line in company', () => {
  let ocr: PpOcr;
  beforeAll(async () => {
    ocr = await createPpOcr(MODEL_PATHS);
  });
  afterAll(() => ocr.close());

  it('is read with the same text and confidence as alone, whatever it shares a run with', async () => {
    const { raster } = await decodeImage(await readFile(new URL('bogor.jpg', FIXTURES)));
    const picture = new RasterPyramid(raster);
    const window = wholePictureWindow(raster.width, raster.height, 736 / raster.width);
    const quads = (await ocr.detect(picture, window)).map(({ quad }) => mapQuad(window.toSource, quad));
    const alone: (TextLine | undefined)[] = [];
    for (const quad of quads) alone.push((await ocr.recognise(picture, [quad]))[0]);
    const indexes = quads.map((_, index) => index);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(indexes, { minLength: 2 }), async (chosen) => {
        const together = await ocr.recognise(
          picture,
          chosen.map((index) => quads[index]!),
        );
        for (const [position, index] of chosen.entries()) {
          expect(together[position]?.text).toBe(alone[index]?.text);
          expect(Math.abs((together[position]?.confidence ?? 0) - (alone[index]?.confidence ?? 1))).toBeLessThan(1e-3);
        }
      }),
      { numRuns: 4 },
    );
  });
});
