import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import { isCalendarDate, toIsoDate, toPrintedDate } from '../../../src/ktp/rules/dates.ts';
import { canBeginDate, canBeginNik } from '../../../src/ktp/rules/grammar.ts';
import { nikDateCode } from '../../../src/ktp/rules/nik.ts';
import { likelyTexts } from '../../../src/ktp/text/likely-texts.ts';
import { cardLines, type PrintedCard, SPECIMEN } from './card-lines.ts';
import { type Doubts, emittedLine } from './emitted-line.ts';

/** A card of which the NIK and the end of validity came with doubts; the rest is clear. */
function read(card: PrintedCard, nikDoubts: Doubts, validDoubts: Doubts = {}) {
  const { lines, ...page } = cardLines(card);
  const emitted = lines.map((line) => {
    const { berlaku_hingga: valid, nik } = card;
    const doubts = line.text === `:${nik}` ? nikDoubts : line.text === `:${valid}` ? validDoubts : {};
    const shifted = Object.fromEntries(Object.entries(doubts).map(([index, others]) => [Number(index) + 1, others]));
    return emittedLine(line.text, line.quad, shifted);
  });
  return readKtp(emitted, page).fields;
}

describe('the search for a NIK', () => {
  it('mends two misread digits that both were seen as well, of a province that does not exist', () => {
    const { nik } = read({ ...SPECIMEN, nik: '0801015708900000' }, { 0: { '3': 0.3 }, 1: { '2': 0.3 } });
    expect(nik).toMatchObject({ value: SPECIMEN.nik, raw: '0801015708900000', source: 'derived' });
    expect(nik.confidence).toBeLessThan(0.9);
  });

  it('finds the last of equal digits that the recogniser had dropped', () => {
    const { nik } = read(SPECIMEN, { 15: { '': 0.6 } });
    expect(nik).toMatchObject({ value: SPECIMEN.nik, raw: SPECIMEN.nik.slice(0, 15), source: 'derived' });
  });

  it('mends the date though a digit of the serial is in doubt as well', () => {
    const { nik } = read({ ...SPECIMEN, nik: '3201015798900000' }, { 8: { '0': 0.3 }, 15: { '8': 0.45 } });
    expect(nik.value).toBe(SPECIMEN.nik);
    expect(nik.alternatives?.map(({ value }) => value)).toContain('3201015708900008');
  });

  it('makes nothing up that the print does not bear out', () => {
    const { nik } = read({ ...SPECIMEN, nik: '0801015708900000' }, {});
    expect(nik.value).toBe('0801015708900000');
    expect(nik.warnings).toContain('implausible');
  });

  it('leaves clear cards alone whose NIK tells another date, sex or region than they print', () => {
    const date = fc
      .record({
        year: fc.integer({ min: 1940, max: 2008 }),
        month: fc.integer({ min: 1, max: 12 }),
        day: fc.integer({ min: 1, max: 31 }),
      })
      .filter(isCalendarDate);
    const district = fc.constantFrom('320101', '317305', '640401', '947101', '110101', '517103');
    fc.assert(
      fc.property(
        date,
        date,
        district,
        fc.constantFrom('male' as const, 'female' as const),
        (coded, born, code, sex) => {
          const nik = `${code}${nikDateCode(coded, sex)}0000`;
          const hints = Object.fromEntries(
            [...nik].map((digit, index) => [index, { [(Number(digit) + 5) % 10]: 0.0004 }]),
          );
          const fields = read({ ...SPECIMEN, nik, lahir: `BOGOR, ${toPrintedDate(born)}` }, hints);
          expect([fields.nik.value, fields.tgl_lahir.value, fields.jenis_kelamin.value]).toEqual([
            nik,
            toIsoDate(born),
            'PEREMPUAN',
          ]);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('the search for a date', () => {
  it('finds the day of the calendar that was seen nearly as well as one that does not exist', () => {
    const { berlaku_hingga } = read({ ...SPECIMEN, berlaku_hingga: '47-08-2019' }, {}, { 0: { '1': 0.3 } });
    expect(berlaku_hingga).toMatchObject({ value: '2019-08-17', raw: '47-08-2019', source: 'ocr' });
    expect(berlaku_hingga.confidence).toBeLessThan(0.9);
  });
});

describe('grammar', () => {
  it('lets every beginning of a NIK and of a date begin one', () => {
    for (const nik of [SPECIMEN.nik, '9471011708900001', '1101013112990001', '3273014102000002', '3173057112850000']) {
      for (let length = 0; length <= 16; length += 1) expect(canBeginNik(nik.slice(0, length))).toBe(true);
    }
    for (const date of ['29-02-2000', '31/12/1999', '01 01 1950']) {
      for (let length = 0; length <= date.length; length += 1) expect(canBeginDate(date.slice(0, length))).toBe(true);
    }
  });

  it.each(['0', '38', '3201018', '32010132', '32010100', '3201017213', '3201011713', '3201013104'])(
    'lets %s begin no NIK',
    (digits) => {
      expect(canBeginNik(digits)).toBe(false);
    },
  );

  it.each(['4', '32', '31-04', '17-13', '17-08-21', '17-08-3', '17-08-19901'])('lets %s begin no date', (text) => {
    expect(canBeginDate(text)).toBe(false);
  });
});

describe('likelyTexts', () => {
  const quad = [0, 1, 2, 3].map(() => ({ x: 0, y: 0 })) as never;

  it('adds up every alignment, the likeliest text first', () => {
    const { emissions } = emittedLine('1900', quad, { 1: { '8': 0.4 } });
    if (!emissions) throw new Error('no emissions');
    const [first, second] = likelyTexts(emissions);
    expect([first?.text, second?.text]).toEqual(['1900', '1800']);
    expect(Math.exp(first?.nats ?? 0)).toBeCloseTo(0.6, 2);
    expect(Math.exp(second?.nats ?? 0)).toBeCloseTo(0.4, 2);
  });

  it('follows only what can begin', () => {
    const { emissions } = emittedLine('1900', quad, { 1: { '8': 0.4 } });
    if (!emissions) throw new Error('no emissions');
    const found = likelyTexts(emissions, { canBegin: (text) => '1800'.startsWith(text) });
    expect(found.map(({ text }) => text)).toContain('1800');
    expect(found.some(({ text }) => text.startsWith('19'))).toBe(false);
  });
});
