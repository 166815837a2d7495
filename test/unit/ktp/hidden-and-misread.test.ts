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

  it('is told by a few letters where the NIK names it too', () => {
    const { kecamatan } = read({ kecamatan: 'NONG' });
    expect(kecamatan).toMatchObject({ value: 'CIBINONG', raw: 'NONG' });
    expect(kecamatan.confidence).toBeLessThan(SURE);
    expect(read({ kecamatan: 'NONG', nik: '3201025708900000' }).kecamatan.value).not.toBe('CIBINONG');
  });

  it('stays what it is where the region above it is not known', () => {
    const { kecamatan } = read({ kabupaten: 'KABUPATEN XYZQWV', nik: '0001015708900000', kecamatan: 'BINONG' });
    expect(kecamatan.value).toBe('BINONG');
  });
});

describe('other values whose beginning a finger hides', () => {
  it("have the card's own regency as place of birth where its end is left, in doubt", () => {
    const { tempat_lahir, tgl_lahir } = read({ lahir: 'OGOR, 17-08-1990' });
    expect(tempat_lahir).toMatchObject({ value: 'BOGOR', raw: 'OGOR' });
    expect(tempat_lahir.warnings).toContain('completed');
    expect(tempat_lahir.confidence).toBeLessThan(SURE);
    expect(tgl_lahir.value).toBe('1990-08-17');
  });

  it('keep a place of birth that is no end of it', () => {
    expect(read({ lahir: 'GARUT, 17-08-1990' }).tempat_lahir.value).toBe('GARUT');
    expect(read({ lahir: 'UDUS, 17-08-1990' }).tempat_lahir.value).toBe('UDUS');
  });

  it('have the RW of a pair whose RT cannot be seen', () => {
    for (const left of ['    /007', '    1007', '     007']) {
      const { rt, rw } = read({ rt_rw: left });
      expect(rt.value).toBeNull();
      expect(rw.value).toBe('007');
      expect(rw.confidence).toBeLessThan(SURE);
    }
    expect(read({ rt_rw: '007' }).rw.value).toBeNull();
  });

  it('have the only occupation that ends so, in doubt', () => {
    const { pekerjaan } = read({ pekerjaan: '   RU' });
    expect(pekerjaan).toMatchObject({ value: 'GURU', raw: 'RU' });
    expect(pekerjaan.confidence).toBeLessThan(SURE);
    expect(read({ pekerjaan: 'RU' }).pekerjaan.value).toBe('RU');
  });

  it('have the province behind the beginning of the word for it', () => {
    expect(read({ provinsi: 'PR JAWA BARAT' }).provinsi.value).toBe('JAWA BARAT');
    expect(read({ provinsi: 'PROV JAWA BARAT' }).provinsi.value).toBe('JAWA BARAT');
  });
});
