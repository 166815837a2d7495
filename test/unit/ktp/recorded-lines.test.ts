import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCorpus } from '../../../bench/fields/corpus.ts';
import { isRight } from '../../../bench/fields/truth.ts';
import { FIELD_NAMES } from '../../../src/ktp/field-names.ts';
import { readKtp } from '../../../src/ktp/read-ktp.ts';

/** Lines that PP-OCR read on drawn cards of invented people (bench/fields/collect.ts), with their probabilities. */
const RECORDED = fileURLToPath(new URL('./fixtures/recorded-lines.ndjson', import.meta.url));

describe('readKtp on recorded lines', () => {
  it('reads every field of cards from photo to motion blur', async () => {
    const wrong: string[] = [];
    let cards = 0;
    for await (const { truth, lines, page } of readCorpus(RECORDED)) {
      if (truth.document !== 'ktp') continue;
      cards += 1;
      const { fields, likelihood } = readKtp(lines, page);
      expect(likelihood).toBeGreaterThan(0.9);
      for (const name of FIELD_NAMES) {
        if (!isRight(truth, name, fields[name].value)) wrong.push(`${truth.level} ${truth.seed} ${name}`);
      }
    }
    expect(cards).toBe(8);
    expect(wrong).toEqual([]);
  });
});
