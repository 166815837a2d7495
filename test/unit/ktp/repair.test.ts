import { describe, expect, it } from 'vitest';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import type { RecognisedCharacter, TextLine } from '../../../src/text-lines/text-line.ts';
import { cardLines, type PrintedCard, SPECIMEN } from './card-lines.ts';

/** Reads a card whose values are misread as told, each changed character with little confidence. */
function readMisread(misread: Partial<Record<string, string>>, card: PrintedCard = SPECIMEN, confidence = 0.6) {
  const { lines, ...page } = cardLines(card, { misread: (text, field) => misread[field] ?? text });
  const doubtful = new Set(Object.values(misread));
  const doubted = lines.map((line): TextLine => {
    const value = line.text.replace(/^:/, '');
    if (!doubtful.has(value)) return line;
    const characters = line.characters.map((character): RecognisedCharacter => ({ ...character, confidence }));
    return { ...line, confidence, characters };
  });
  return readKtp(doubted, page);
}

describe('NIK against date of birth and sex', () => {
  it('mends a misread digit of the NIK where the printed date tells it', () => {
    const { nik } = readMisread({ nik: '3201015703900000' }).fields;
    expect(nik).toMatchObject({ value: '3201015708900000', raw: '3201015703900000', source: 'derived' });
    expect(nik.warnings).toContain('repaired_from_tgl_lahir');
  });

  it('mends a misread digit of the date where the NIK tells it', () => {
    const { tgl_lahir } = readMisread({ lahir: 'BOGOR, 17-03-1990' }).fields;
    expect(tgl_lahir).toMatchObject({ value: '1990-08-17', raw: '17-03-1990', source: 'derived' });
    expect(tgl_lahir.warnings).toContain('repaired_from_nik');
  });

  it('finds the digit that was lost where the printed date tells it', () => {
    expect(readMisread({ nik: '32010157 8900000' }).fields.nik.value).toBe('3201015708900000');
  });

  it('does not make up a digit where none can have stood', () => {
    expect(readMisread({ nik: '201015708900000' }).fields.nik).toMatchObject({ value: null, raw: '201015708900000' });
  });

  it('drops the stroke of a colon read as a digit', () => {
    expect(readMisread({ nik: '13201015708900000' }).fields.nik.value).toBe('3201015708900000');
  });

  it('changes nothing where both are clear, and warns', () => {
    const reading = readMisread({}, { ...SPECIMEN, nik: '3201015209850000' });
    expect(reading.fields.nik.value).toBe('3201015209850000');
    expect(reading.fields.tgl_lahir.value).toBe('1990-08-17');
    expect(reading.checks.map((check) => check.code)).toContain('nik_birth_date_mismatch');
    expect(reading.fields.nik.confidence).toBeLessThan(0.9);
  });

  it('does not change a clear NIK of the other sex, as a correction leaves it', () => {
    const reading = readMisread({}, { ...SPECIMEN, nik: '3201011708900000' });
    expect(reading.fields.nik.value).toBe('3201011708900000');
    expect(reading.fields.jenis_kelamin.value).toBe('PEREMPUAN');
    expect(reading.checks.map((check) => check.code)).toContain('nik_sex_mismatch');
  });

  it('derives date and sex from the NIK where they cannot be read, and says so', () => {
    const { tgl_lahir, jenis_kelamin } = readMisread({ lahir: 'BOGOR, ??-#', jenis_kelamin: '' }).fields;
    expect(tgl_lahir).toMatchObject({ value: '1990-08-17', source: 'derived' });
    expect(tgl_lahir.warnings).toContain('derived_from_nik');
    expect(jenis_kelamin).toMatchObject({ value: 'PEREMPUAN', source: 'derived' });
    expect(jenis_kelamin.confidence).toBeLessThan(0.9);
  });

  it('answers no NIK rather than an invented or a partial one', () => {
    const reading = readMisread({ nik: '320101570890', lahir: 'BOGOR' });
    expect(reading.fields.nik).toMatchObject({ value: null, raw: '320101570890' });
    expect(reading.checks.map((check) => check.code)).toEqual(['nik_malformed']);
    expect(reading.fields.tgl_lahir.value).toBeNull();
  });

  it('tells of a NIK that the card clearly prints with fewer digits', () => {
    const reading = readMisread({}, { ...SPECIMEN, nik: '320101570890000' });
    expect(reading.fields.nik).toMatchObject({ value: null, raw: '320101570890000' });
    expect(reading.checks.map((check) => check.code)).toEqual(['nik_malformed']);
  });
});

describe('regions', () => {
  it('mends a village inside its district, a district inside its regency', () => {
    const { kel_desa, kecamatan } = readMisread({ kel_desa: 'PAKANSABI', kecamatan: 'C1BINDNG' }).fields;
    expect(kel_desa).toMatchObject({ value: 'PAKANSARI', raw: 'PAKANSABI', warnings: ['snapped'] });
    expect(kecamatan).toMatchObject({ value: 'CIBINONG', raw: 'C1BINDNG' });
  });

  it('puts blanks back that the region has', () => {
    const card = { ...SPECIMEN, kel_desa: 'NANGGEWER MEKAR' };
    expect(readMisread({ kel_desa: 'NANGGEWERMEKAR' }, card).fields.kel_desa.value).toBe('NANGGEWER MEKAR');
  });

  it('leaves a clearly read name that is in no list', () => {
    const { kel_desa } = readMisread({}, { ...SPECIMEN, kel_desa: 'PAKANBARU' }).fields;
    expect(kel_desa.value).toBe('PAKANBARU');
    expect(kel_desa.warnings).toContain('not_in_list');
  });

  it('reads Jakarta without KOTA', () => {
    const card = {
      ...SPECIMEN,
      provinsi: 'PROVINSI DKI JAKARTA',
      kabupaten: 'JAKARTA BARAT',
      kecamatan: 'KEMBANGAN',
      kel_desa: 'MERUYA UTARA',
    };
    const { fields } = readMisread({}, card);
    expect([fields.provinsi.value, fields.kabupaten_kota.value]).toEqual(['DKI JAKARTA', 'JAKARTA BARAT']);
    expect(fields.kel_desa.warnings).toEqual([]);
  });

  it('tells the province from the regency where it cannot be read', () => {
    const { provinsi } = readMisread({ provinsi: '' }).fields;
    expect(provinsi).toMatchObject({
      value: 'JAWA BARAT',
      source: 'derived',
      warnings: ['derived_from_kabupaten_kota'],
    });
  });
});

describe('checks', () => {
  it('tolerates the district codes of before the splits', () => {
    const reading = readMisread({}, { ...SPECIMEN, nik: '6404015708900000' });
    const codes = reading.checks.map((check) => check.code);
    expect(codes).toContain('nik_district_unknown');
    expect(reading.checks.filter((check) => check.level === 'error')).toEqual([]);
    expect(reading.fields.nik.value).toBe('6404015708900000');
  });

  it('names an unknown province an error, and the serial of specimens a warning', () => {
    const codes = readMisread({}, { ...SPECIMEN, nik: '9901015708900000' }).checks.map((check) => check.code);
    expect(codes).toEqual(expect.arrayContaining(['nik_province_unknown', 'nik_serial_zero']));
  });

  it('never puts a value into a message', () => {
    const reading = readMisread({}, { ...SPECIMEN, nik: '9901015209850000' });
    for (const check of reading.checks) expect(check.message).not.toMatch(/\d{5,}|SITI/);
  });
});
