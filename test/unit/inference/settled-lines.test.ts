import { describe, expect, it } from 'vitest';
import { settledLines } from '../../../src/inference/card-reader/settled-lines.ts';
import type { FieldName } from '../../../src/ktp/field-names.ts';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import { mapFields } from '../../../src/ktp/with-fields.ts';
import { cardLines, SPECIMEN } from '../ktp/card-lines.ts';

const { lines: LINES, ...CARD_PAGE } = cardLines(SPECIMEN);
const READING = readKtp(LINES, CARD_PAGE);

/** What a first look says that is certain but of some fields, or where some have no place. */
function withDoubts(doubts: Partial<Record<FieldName, number>>, lost: readonly FieldName[] = []) {
  const fields = mapFields(READING.fields, (field) => ({ ...field, confidence: 0.99 }));
  for (const [name, confidence] of Object.entries(doubts) as [FieldName, number][]) {
    fields[name] = { ...fields[name], confidence };
  }
  for (const name of lost) fields[name] = { ...fields[name], value: null, confidence: 0, box: null };
  return { fields };
}

const open = (settled: readonly { text: string }[]): string[] =>
  LINES.filter((line) => !settled.includes(line)).map(({ text }) => text);

describe('settledLines', () => {
  it('leaves the rows of fields in doubt to be read again, and of those that are not certain', () => {
    const settled = settledLines(LINES, withDoubts({ pekerjaan: 0.4, agama: 0.93 }), CARD_PAGE);
    expect(open(settled)).toEqual(['Agama', ':ISLAM', 'Pekerjaan', ':PELAJAR/MAHASISWA', 'BOGOR']);
  });

  it('settles nothing where many fields are in doubt: what spoils them may have spoilt the others', () => {
    expect(settledLines(LINES, withDoubts({ pekerjaan: 0.4, agama: 0.4, nama: 0.4 }), CARD_PAGE)).toEqual([]);
  });

  it('settles nothing where a value was not found: its line may be any', () => {
    expect(settledLines(LINES, withDoubts({}, ['pekerjaan']), CARD_PAGE)).toEqual([]);
  });
});
