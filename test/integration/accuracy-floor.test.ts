import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCard, emptyTally, figures } from '../../bench/accuracy/metrics.ts';
import { readCard } from '../../src/inference/card-reader/read-card.ts';
import { createPpOcr, type PpOcr } from '../../src/inference/ppocr/ppocr.ts';
import type { LevelName } from '../../tools/make-cards/levels.ts';
import { drawNegative } from '../../tools/make-cards/negatives.ts';
import { degrade } from '../../tools/make-cards/sample.ts';
import { MODEL_PATHS } from '../unit/inference/models.ts';

/**
 * A floor under bench/accuracy, which has the real figures: two pictures that must not get worse; those that take
 * longer are in test/slow/severe-cards.test.ts. They are chosen for what they try (turns, words over the print), not
 * for being read well.
 */
const PICTURES: ReadonlyArray<readonly [seed: number, level: LevelName]> = [
  [20, 'turned'],
  [9108, 'watermark'],
];

describe('accuracy floor', () => {
  let ocr: PpOcr;

  beforeAll(async () => {
    ocr = await createPpOcr(MODEL_PATHS);
  });
  afterAll(() => ocr.close());

  it('reads at least 97 % of the fields of two pictures, no NIK wrongly, and no answer surely and wrongly', async () => {
    const tally = emptyTally();
    const wrong: string[] = [];
    for (const [seed, level] of PICTURES) {
      const { jpeg, truth } = await degrade(seed, level, 'moderate');
      const { result } = await readCard(ocr, jpeg);
      // Words that are written across the card are told of.
      if (level === 'watermark') expect(result.quality.flags).toContain('overlay');
      for (const [field, verdict] of addCard(tally, truth, result.fields)) {
        if (verdict !== 'right') wrong.push(`${level} ${seed} ${field}: ${verdict}`);
      }
    }
    const reached = figures(tally);
    expect(reached.fields, wrong.join('\n')).toBeGreaterThanOrEqual(0.97);
    expect(reached.niks, wrong.join('\n')).toBe(1);
    expect(reached.surelyWrong, wrong.join('\n')).toBe(0);
  }, 180_000);

  it('refuses a tax card with a name, an address and a NIK on it', async () => {
    const { jpeg } = await drawNegative(1, 'npwp');
    await expect(readCard(ocr, jpeg)).rejects.toMatchObject({ code: 'not_a_ktp' });
  });
});
