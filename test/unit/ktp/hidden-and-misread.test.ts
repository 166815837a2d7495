import { describe, expect, it } from 'vitest';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import { SURE } from '../../../src/ktp/sure.ts';
import { cardLines, type PrintedCard, SPECIMEN } from './card-lines.ts';
import { type Doubts, emittedLine } from './emitted-line.ts';

function read(printed: Partial<PrintedCard>, doubted: Readonly<Record<string, Doubts>> = {}) {
  const { lines, ...page } = cardLines({ ...SPECIMEN, ...printed });
  const emitted = lines.map((line) => emittedLine(line.text, line.quad, doubted[line.text]));
  return readKtp(emitted, page).fields;
}

describe('a date of issue that was misread', () => {
  it('is the likeliest one that exists, in doubt', () => {
    const { tgl_terbit } = read({ tgl_terbit: '31-06-2021' }, { '31-06-2021': { 4: { '8': 0.3, '5': 0.1 } } });
    expect(tgl_terbit.value).toBe('2021-08-31');
    expect(tgl_terbit.confidence).toBeLessThan(SURE);
  });

  it('is none where it was read clearly, and exists in no month', () => {
    expect(read({ tgl_terbit: '31-06-2021' }).tgl_terbit).toMatchObject({ value: null });
  });

  it('leaves the place above it where it is', () => {
    const { tempat_terbit } = read({ tgl_terbit: '31-06-2021' }, { '31-06-2021': { 4: { '8': 0.3 } } });
    expect(tempat_terbit.value).toBe('BOGOR');
  });
});

describe('a region whose beginning a finger hides', () => {
  it('is the only one of its regency or district that ends so, in doubt', () => {
    const { kecamatan, kel_desa } = read({ kecamatan: '(BINONG', kel_desa: 'KANSARI' });
    expect(kecamatan).toMatchObject({ value: 'CIBINONG', raw: '(BINONG' });
    expect(kecamatan.warnings).toContain('completed');
    expect(kecamatan.confidence).toBeLessThan(SURE);
    expect(kel_desa).toMatchObject({ value: 'PAKANSARI', raw: 'KANSARI' });
    expect(kel_desa.confidence).toBeLessThan(SURE);
  });

  it('stays what it is where the region above it is not known', () => {
    const { kecamatan } = read({ kabupaten: 'KABUPATEN XYZQWV', nik: '0001015708900000', kecamatan: 'BINONG' });
    expect(kecamatan.value).toBe('BINONG');
  });
});
