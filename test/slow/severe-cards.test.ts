import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCard, emptyTally, figures } from '../../bench/accuracy/metrics.ts';
import { readCard } from '../../src/inference/card-reader/read-card.ts';
import { createPpOcr, type PpOcr } from '../../src/inference/ppocr/ppocr.ts';
import { degrade } from '../../tools/make-cards/sample.ts';
import { MODEL_PATHS } from '../unit/inference/models.ts';

/** Beside test/integration/accuracy-floor.test.ts, for what takes more looks. */
describe('a spoilt picture', () => {
  let ocr: PpOcr;

  beforeAll(async () => {
    ocr = await createPpOcr(MODEL_PATHS);
  });
  afterAll(() => ocr.close());

  it.each([
    ['so far out of focus that plain looks take it for no card', 91004, 'defocus'],
    ['so moved that its text says nothing from either end', 710000, 'motion'],
    ['bent, so that labels stand beside the values above their own', 712001, 'bent'],
    ['seen from aside, whose right-hand column lies beyond what its labels tell', 96000, 'keystone'],
  ] as const)(
    'reads a card that is %s',
    async (_, seed, level) => {
      const tally = emptyTally();
      const { jpeg, truth } = await degrade(seed, level, 'severe');
      const { fields } = (await readCard(ocr, jpeg)).result;
      addCard(tally, truth, fields);
      expect(figures(tally)).toMatchObject({ niks: 1, surelyWrong: 0 });
      expect(figures(tally).fields).toBeGreaterThanOrEqual(0.95);
      expect(fields.tgl_terbit.value).toBe(truth.fields.tgl_terbit);
    },
    60_000,
  );

  it.each([
    ['on a page, with wrapped values', 35, 'a4'],
    ['stamped', 9109, 'stamped'],
  ] as const)(
    'reads a card that is moderately spoilt, %s',
    async (_, seed, level) => {
      const tally = emptyTally();
      const { jpeg, truth } = await degrade(seed, level, 'moderate');
      addCard(tally, truth, (await readCard(ocr, jpeg)).result.fields);
      expect(figures(tally)).toMatchObject({ niks: 1, surelyWrong: 0 });
      expect(figures(tally).fields).toBeGreaterThanOrEqual(0.95);
    },
    60_000,
  );
});
