import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCard, emptyTally, figures, type Tally } from '../../bench/accuracy/metrics.ts';
import { readCard } from '../../src/inference/card-reader/read-card.ts';
import { createPpOcr, type PpOcr } from '../../src/inference/ppocr/ppocr.ts';
import type { Strength } from '../../tools/make-cards/levels/level.ts';
import type { LevelName } from '../../tools/make-cards/levels.ts';
import { degrade } from '../../tools/make-cards/sample.ts';
import { MODEL_PATHS } from '../unit/inference/models.ts';

/** Beside test/integration/accuracy-floor.test.ts, for what takes more looks. */
describe('a spoilt picture', () => {
  let ocr: PpOcr;

  beforeAll(async () => {
    ocr = await createPpOcr(MODEL_PATHS);
  });
  afterAll(() => ocr.close());

  /** Spoils a card, reads it, and holds it against its truth. */
  async function readSpoilt(tally: Tally, seed: number, level: LevelName, strength: Strength) {
    const { jpeg, truth } = await degrade(seed, level, strength);
    const { fields } = (await readCard(ocr, jpeg)).result;
    addCard(tally, truth, fields);
    return { truth, fields };
  }

  it.each([
    ['so far out of focus that plain looks take it for no card', 91004, 'defocus'],
    ['so moved that its text says nothing from either end', 710000, 'motion'],
    ['bent, so that labels stand beside the values above their own', 712001, 'bent'],
    ['shown by a screen, whose dark bands run through thin print', 888700, 'screen'],
    ['seen from aside, whose right-hand column lies beyond what its labels tell', 96000, 'keystone'],
  ] as const)(
    'reads a card that is %s',
    async (_, seed, level) => {
      const tally = emptyTally();
      const { fields, truth } = await readSpoilt(tally, seed, level, 'severe');
      expect(figures(tally)).toMatchObject({ niks: 1, surelyWrong: 0 });
      expect(figures(tally).fields).toBeGreaterThanOrEqual(0.95);
      expect(fields.tgl_terbit.value).toBe(truth.fields.tgl_terbit);
    },
    60_000,
  );

  it('reads at least 97 % of the fields of a card on a page, with wrapped values, and of a stamped one', async () => {
    const tally = emptyTally();
    await readSpoilt(tally, 35, 'a4', 'moderate');
    await readSpoilt(tally, 9109, 'stamped', 'moderate');
    expect(figures(tally)).toMatchObject({ niks: 1, surelyWrong: 0 });
    expect(figures(tally).fields).toBeGreaterThanOrEqual(0.97);
  }, 60_000);
});
