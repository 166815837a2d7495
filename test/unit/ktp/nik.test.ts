import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCalendarDate, isLeapYear } from '../../../src/ktp/rules/dates.ts';
import { nikBirthDate, nikDateCode, parseNik } from '../../../src/ktp/rules/nik.ts';

const TODAY = new Date(Date.UTC(2026, 10, 15));

const calendarDate = fc
  .record({
    year: fc.integer({ min: 1920, max: 2009 }),
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.integer({ min: 1, max: 31 }),
  })
  .filter(isCalendarDate);
const district = fc.integer({ min: 110101, max: 969999 }).map(String);
const serial = fc.integer({ min: 0, max: 9999 }).map((value) => String(value).padStart(4, '0'));

describe('parseNik', () => {
  it('takes apart what was put together, for either sex', () => {
    fc.assert(
      fc.property(
        calendarDate,
        district,
        serial,
        fc.constantFrom('male' as const, 'female' as const),
        (date, code, end, sex) => {
          const nik = `${code}${nikDateCode(date, sex)}${end}`;
          const parts = parseNik(nik);
          expect(parts).toMatchObject({ district: code, sex, serial: end, day: date.day, month: date.month });
          expect(parts && nikBirthDate(parts, date.year, TODAY)).toEqual(date);
        },
      ),
    );
  });

  it('refuses everything but sixteen digits', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseNik(text) === undefined).toBe(!/^\d{16}$/.test(text));
      }),
    );
    expect(parseNik('320101170890000')).toBeUndefined();
    expect(parseNik('3201O11708900000')).toBeUndefined();
  });

  it('keeps the digits of a Papua NIK, which a number cannot hold', () => {
    const nik = '9471011708900001';
    expect(Number(nik) > Number.MAX_SAFE_INTEGER).toBe(true);
    expect(parseNik(nik)).toMatchObject({ province: '94', regency: '9471', district: '947101', serial: '0001' });
  });
});

describe('nikBirthDate', () => {
  const birthOf = (code: string, printedYear?: number) => {
    const parts = parseNik(`320101${code}0001`);
    return parts && nikBirthDate(parts, printedYear, TODAY);
  };

  it('adds 40 to the day of women', () => {
    expect(birthOf('570890')).toEqual({ year: 1990, month: 8, day: 17 });
    expect(birthOf('710890')).toEqual({ year: 1990, month: 8, day: 31 });
  });

  it('has no date for days 0, 32 to 40 and 72, nor for month 13', () => {
    for (const code of ['000890', '320890', '400890', '720890', '990890', '171390', '170090']) {
      expect(birthOf(code)).toBeUndefined();
    }
  });

  it('takes the latest century that gives an age of 17 or more', () => {
    expect(birthOf('151109')?.year).toBe(2009);
    expect(birthOf('161109')?.year).toBe(1909);
    expect(birthOf('010130')?.year).toBe(1930);
  });

  it('follows the printed year into the century', () => {
    expect(birthOf('170808', 1908)?.year).toBe(1908);
    expect(birthOf('170808', 2008)?.year).toBe(2008);
  });

  it('knows 29 February of 2000 but not of 1900', () => {
    expect(birthOf('290200')).toEqual({ year: 2000, month: 2, day: 29 });
    expect(birthOf('290200', 1900)).toEqual({ year: 2000, month: 2, day: 29 });
    expect(birthOf('290201')).toBeUndefined();
    expect(birthOf('690204')?.year).toBe(2004);
  });
});

describe('calendar', () => {
  it('agrees with Date on which dates exist', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1900, max: 2099 }),
        fc.integer({ min: 0, max: 13 }),
        fc.integer({ min: 0, max: 32 }),
        (year, month, day) => {
          const date = new Date(Date.UTC(year, month - 1, day));
          const exists =
            date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
          expect(isCalendarDate({ year, month, day })).toBe(exists);
        },
      ),
    );
    expect([1900, 2000, 2004, 2100].map(isLeapYear)).toEqual([false, true, true, false]);
  });
});
