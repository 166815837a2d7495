import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBirth } from '../../../src/ktp/fields/read-birth.ts';
import { readBloodGroup } from '../../../src/ktp/fields/read-blood-group.ts';
import { findDate } from '../../../src/ktp/fields/read-date.ts';
import { cleanAddress, cleanName } from '../../../src/ktp/fields/read-free-text.ts';
import { readListed, readValidity } from '../../../src/ktp/fields/read-listed.ts';
import { readNeighbourhood } from '../../../src/ktp/fields/read-neighbourhood.ts';
import { readBirthPlace } from '../../../src/ktp/fields/read-regions.ts';
import type { Slot } from '../../../src/ktp/layout/slot.ts';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import { isCalendarDate, toIsoDate } from '../../../src/ktp/rules/dates.ts';
import { onlyDigits } from '../../../src/ktp/rules/digits.ts';
import { snap } from '../../../src/ktp/rules/snap.ts';
import {
  canonicalValue,
  MARITAL_STATES,
  NATIONALITIES,
  OCCUPATIONS,
  RELIGIONS,
  SEXES,
} from '../../../src/ktp/rules/vocabulary.ts';
import { fitFrame } from '../../../src/ktp/text/frame.ts';
import { spansOfLine } from '../../../src/ktp/text/spans.ts';
import { cardLines, SPECIMEN, textLine } from './card-lines.ts';

function slotOf(...texts: string[]): Slot {
  const rows = texts.map((text, index) => {
    const right = 100 + text.length * 10;
    const [top, bottom] = [index * 30, index * 30 + 20];
    const line = textLine(text, [
      { x: 100, y: top },
      { x: right, y: top },
      { x: right, y: bottom },
      { x: 100, y: bottom },
    ]);
    return spansOfLine(line, fitFrame([line]));
  });
  return { rows, labelQuality: 1 };
}

describe('findDate', () => {
  it('reads any date with any separator', () => {
    const date = fc
      .record({
        year: fc.integer({ min: 1920, max: 2035 }),
        month: fc.integer({ min: 1, max: 12 }),
        day: fc.integer({ min: 1, max: 31 }),
      })
      .filter(isCalendarDate);
    fc.assert(
      fc.property(
        date,
        fc.constantFrom('-', '.', '/', ' ', ' - ', ',', '--'),
        fc.constantFrom('', 'BANDUNG, ', 'KOTA 2, '),
        (when, separator, place) => {
          const two = (value: number) => String(value).padStart(2, '0');
          const text = place + [two(when.day), two(when.month), when.year].join(separator);
          const found = findDate(text);
          expect(found && toIsoDate(found.date)).toBe(toIsoDate(when));
        },
      ),
    );
  });

  it.each([
    ['BOGOR, I7-O8-199O', '1990-08-17'],
    ['17081990', '1990-08-17'],
    ['BOGOR17-08-1990', '1990-08-17'],
  ])('reads %s', (text, iso) => {
    const found = findDate(text);
    expect(found && toIsoDate(found.date)).toBe(iso);
  });

  it.each(['31-02-1990', '17-13-1990', 'SOLOBISI', '170819905', '17-08-1890', ''])('finds no date in "%s"', (text) => {
    expect(findDate(text)).toBeUndefined();
  });
});

describe('readBirth', () => {
  it('splits place and date wherever the line wraps', () => {
    for (const slot of [
      slotOf('KOTA BARU, 17-08-1990'),
      slotOf('KOTA BARU,', '17-08-1990'),
      slotOf('KOTA', 'BARU,17-08-1990'),
    ]) {
      const { place, date } = readBirth(slot);
      expect(place.value).toBe('KOTA BARU');
      expect(date.value).toBe('1990-08-17');
    }
  });
});

describe('readBirth on part of a date', () => {
  it.each(['BARITO KUALA, 06-05', 'BARITO KUALA, 18-11 952', 'BARITO KUALA, 17-10-19', 'BARITO KUALA,'])(
    'keeps the date out of the place in "%s"',
    (text) => {
      const { place, date } = readBirth(slotOf(text));
      expect(place.value).toBe('BARITO KUALA');
      expect(date.value).toBeNull();
    },
  );
});

describe('readBirth where the comma was read as a letter', () => {
  it.each([
    ['MERANGINL 17-08-1990', true],
    ['MERANGIN, 17-08-1990', false],
    ['BANGIL, 17-08-1990', false],
    ['BANGIL,17-08-1990', false],
    ['JAKARTA 17-08-1990', false],
  ])('%s: place in doubt %s', (text, inDoubt) => {
    expect(readBirth(slotOf(text)).place.evidence.leastCharacter < 0.9).toBe(inDoubt);
  });

  it('takes the town that is left without it', () => {
    expect(readBirthPlace(readBirth(slotOf('MERANGINL 17-08-1990')).place).value).toBe('MERANGIN');
  });
});

describe('readBirth without a place', () => {
  it('takes no digits that are left of a line for one', () => {
    expect(readBirth(slotOf('19 17-08-1990')).place.value).toBeNull();
  });
});

describe('readNeighbourhood', () => {
  it.each([
    ['001/002', '001', '002'],
    [':001/002', '001', '002'],
    ['1/2', '001', '002'],
    ['O01/0O2', '001', '002'],
    ['001 / 002', '001', '002'],
    ['001002', '001', '002'],
    ['0011002', '001', '002'],
    ['001I002', '001', '002'],
    ['E 008/009', '008', '009'],
    [':023f009', '023', '009'],
  ])('reads %s', (text, rt, rw) => {
    const reading = readNeighbourhood(slotOf(text));
    expect([reading.rt.value, reading.rw.value]).toEqual([rt, rw]);
  });

  it('answers only the half that was read whole', () => {
    const reading = readNeighbourhood(slotOf('8/008'));
    expect([reading.rt.value, reading.rw.value]).toEqual([null, '008']);
  });

  it('answers nothing rather than a guess', () => {
    for (const text of ['00/1/002', 'ABC', '0012', '00100002', '020f11N']) {
      expect(readNeighbourhood(slotOf(text)).rt.value).toBeNull();
    }
  });
});

describe('readBloodGroup', () => {
  it.each([
    ['O', 'O'],
    ['0', 'O'],
    [':8', 'B'],
    ['A8', 'AB'],
    ['AB+', 'AB+'],
    ['-', '-'],
    ['—', '-'],
    [':-', '-'],
    ['TIDAK TAHU', 'TIDAK TAHU'],
    ['TIDAKTAHU', 'TIDAK TAHU'],
  ])('reads %s as %s', (text, value) => {
    expect(readBloodGroup(slotOf(text)).value).toBe(value);
  });

  it('takes an empty place behind the colon for the dash that marks an unknown group', () => {
    const reading = readBloodGroup({ rows: [], labelQuality: 0.9, colon: true });
    expect(reading).toMatchObject({ value: '-', source: 'derived', warnings: ['derived_from_blank'] });
    expect(readBloodGroup({ rows: [], labelQuality: 0.6 }).value).toBeNull();
  });

  it('does not make a group of other text', () => {
    expect(readBloodGroup(slotOf('XYZ')).value).toBeNull();
  });
});

describe('readListed', () => {
  it('takes a near reading to its entry and says so', () => {
    const reading = readListed(slotOf('LAKl-LAK1'), SEXES, { closed: true });
    expect(reading).toMatchObject({ value: 'LAKI-LAKI', raw: 'LAKl-LAK1', warnings: ['snapped'] });
  });

  it('gives the first spelling of a variant and keeps the printed one as raw', () => {
    expect(readListed(slotOf('KATOLIK'), RELIGIONS)).toMatchObject({ value: 'KATHOLIK', raw: 'KATOLIK' });
    expect(readListed(slotOf('KEPERCAYAAN'), RELIGIONS).value).toBe('KEPERCAYAAN TERHADAP TUHAN YME');
    expect(readListed(slotOf('PEGAWAI NEGERI SIPIL (PNS)'), OCCUPATIONS).value).toBe('PEGAWAI NEGERI SIPIL');
  });

  it('leaves what a stamp put behind an entry of a closed list', () => {
    expect(readListed(slotOf('ISLAM EME'), RELIGIONS, { closed: true })).toMatchObject({
      value: 'ISLAM',
      raw: 'ISLAM EME',
    });
    expect(readListed(slotOf('WNI SUAI DENGAN'), NATIONALITIES, { closed: true }).value).toBe('WNI');
    expect(readListed(slotOf('BELUM KAWIN EN'), MARITAL_STATES, { closed: true }).value).toBe('BELUM KAWIN');
  });

  it('completes what is a part of one entry alone', () => {
    expect(readListed(slotOf('MENG RUMAH TANGGA'), OCCUPATIONS)).toMatchObject({
      value: 'MENGURUS RUMAH TANGGA',
      warnings: ['completed'],
    });
    expect(readListed(slotOf('PEREM'), SEXES, { closed: true }).value).toBe('PEREMPUAN');
  });

  it('answers nothing for a part of several entries', () => {
    expect(readListed(slotOf('CERAI'), MARITAL_STATES, { closed: true })).toMatchObject({ value: null, raw: 'CERAI' });
    expect(readListed(slotOf('WN'), NATIONALITIES, { closed: true }).value).toBeNull();
    expect(readValidity(slotOf('23-01')).value).toBeNull();
  });

  it('leaves whole words that are no entry', () => {
    expect(readListed(slotOf('PETANI'), OCCUPATIONS).value).toBe('PETANI');
  });

  it('never rejects what is not in the list', () => {
    expect(readListed(slotOf('PENJAGA MERCUSUAR'), OCCUPATIONS)).toMatchObject({
      value: 'PENJAGA MERCUSUAR',
      warnings: ['not_in_list'],
    });
  });

  it('finds every entry again with one letter lost', () => {
    for (const entries of [OCCUPATIONS, MARITAL_STATES, RELIGIONS]) {
      for (const entry of entries.filter((candidate) => candidate.length >= 10)) {
        const found = snap(entry.slice(0, 4) + entry.slice(5), entries)?.value ?? '';
        expect(canonicalValue(found), entry).toBe(canonicalValue(entry));
      }
    }
  });
});

describe('readValidity', () => {
  it.each([
    ['SEUMUR HIDUP', 'SEUMUR HIDUP'],
    [':SEUMURHIDUP', 'SEUMUR HIDUP'],
    ['17-08-2017', '2017-08-17'],
  ])('reads %s', (text, value) => {
    expect(readValidity(slotOf(text)).value).toBe(value);
  });
});

describe('free text', () => {
  it('mends digits in names and leaves their punctuation', () => {
    expect(cleanName('S1TI N0R, S.PD.')).toBe('SITI NOR, S.PD.');
    expect(cleanName("MA'RUF AL-AMIN")).toBe("MA'RUF AL-AMIN");
    expect(cleanName(': BUDI')).toBe('BUDI');
  });

  it('puts a comma between a name and a degree, and leaves the stops of short forms', () => {
    expect(cleanName('I WAYAN SPESIMEN. SE')).toBe('I WAYAN SPESIMEN, SE');
    expect(cleanName('SITI SPESIMEN. S.PD')).toBe('SITI SPESIMEN, S.PD');
    expect(cleanName('SITI SPESIMEN, ST. , M.T.')).toBe('SITI SPESIMEN, ST., M.T.');
    for (const name of ['HJ. ST. AMINAH', 'MOCH. SEPTIAN', 'SPESIMEN. SETIAWAN']) expect(cleanName(name)).toBe(name);
  });

  it('keeps the apostrophe that ends a name of Sulawesi, and drops loose marks', () => {
    expect(cleanName("BASO'")).toBe("BASO'");
    for (const text of ["BASO' -", "BASO'',"]) expect(cleanName(text)).toBe("BASO'");
    for (const text of ["BUDI '", 'BUDI -', "BUDI, '", "- BUDI -'"]) expect(cleanName(text)).toBe('BUDI');
  });

  it('leaves numbers in addresses', () => {
    expect(cleanAddress('JL. MERDEKA NO. 12A/3')).toBe('JL. MERDEKA NO. 12A/3');
  });

  it('never makes a value longer than the reading', () => {
    fc.assert(
      fc.property(
        fc.string(),
        (text) => cleanName(text).length <= text.length * 3 && cleanAddress(text).length <= text.length * 3,
      ),
    );
  });

  it('takes lookalikes for digits only', () => {
    expect(onlyDigits('32O1 0I57 O89O OOOO'.replaceAll(' ', ''))).toBe('3201015708900000');
  });
});

describe('a value of a closed list with a stamp behind it', () => {
  it.each([
    ['kewarganegaraan', 'WNIASLINYA', 'WNI'],
    ['status_perkawinan', 'BELUM KAWINE G ALISIR', 'BELUM KAWIN'],
  ] as const)('is told from what is glued to it: %s %s', (field, text, value) => {
    const { lines, ...page } = cardLines({ ...SPECIMEN, [field]: text });
    const read = readKtp(lines, page).fields[field];
    expect(read.value).toBe(value);
    expect(read.confidence).toBeLessThan(0.9);
  });

  it('is worth little where no list knows it', () => {
    const { lines, ...page } = cardLines({ ...SPECIMEN, status_perkawinan: 'PERKAV' });
    expect(readKtp(lines, page).fields.status_perkawinan.confidence).toBeLessThan(0.5);
  });
});

describe('a stamp beside a value', () => {
  it('does not join it', () => {
    const { lines, ...page } = cardLines({ ...SPECIMEN, alamat: 'DUSUN KRAJAN SE SUAI ASLINPYA' });
    expect(readKtp(lines, page).fields.alamat.value).toBe('DUSUN KRAJAN');
  });

  it('makes RT and RW doubtful, which it may lie over', () => {
    const { lines, ...page } = cardLines({ ...SPECIMEN, rt_rw: 'S 012/015 N' });
    const { rw } = readKtp(lines, page).fields;
    expect(rw).toMatchObject({ value: '015', warnings: ['normalised'] });
    expect(rw.confidence).toBeLessThan(0.9);
    const clear = cardLines({ ...SPECIMEN, rt_rw: '012/015' });
    expect(readKtp(clear.lines, page).fields.rw.confidence).toBeGreaterThan(0.9);
  });
});

it('is not sure of a marital state whose first letters were not read: AWIN may be the end of BELUM KAWIN', () => {
  const { lines, ...page } = cardLines({ ...SPECIMEN, status_perkawinan: 'AWIN' });
  const { status_perkawinan: state } = readKtp(lines, page).fields;
  expect(state.confidence).toBeLessThan(0.9);
});
