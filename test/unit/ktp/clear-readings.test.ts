import { describe, expect, it } from 'vitest';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import { cardLines, type PrintedCard, SPECIMEN, textLine } from './card-lines.ts';

function read(card: Partial<PrintedCard>) {
  const { lines, ...page } = cardLines({ ...SPECIMEN, ...card });
  return readKtp(lines, page);
}

describe('a clear reading', () => {
  it('of a village that the list lacks stays beside one that it has', () => {
    // PAKANSARI is a village of Cibinong.
    const { kel_desa } = read({ kel_desa: 'PAKANSARRI' }).fields;
    expect(kel_desa.value).toBe('PAKANSARRI');
    expect(kel_desa.warnings).toContain('not_in_list');
  });

  it('keeps numerals and words that tell neighbours apart', () => {
    for (const kel_desa of ['PAKANSARI III', 'PAKANSARI BARU']) {
      expect(read({ kel_desa }).fields.kel_desa.value).toBe(kel_desa);
    }
  });

  it('keeps the blanks that the card prints in a regency', () => {
    const { kabupaten_kota } = read({
      provinsi: 'PROVINSI SUMATERA UTARA',
      kabupaten: 'KOTA PEMATANG SIANTAR',
    }).fields;
    expect(kabupaten_kota.value).toBe('KOTA PEMATANG SIANTAR');
  });
});

describe('nationality', () => {
  it('is WNI on a citizen card where a blurred reading is near some country', () => {
    const { lines, ...page } = cardLines(SPECIMEN);
    const blurred = lines.map((line) =>
      line.text.endsWith('WNI') ? textLine(line.text.replace('WNI', 'VVNI'), line.quad, 0.5) : line,
    );
    expect(readKtp(blurred, page).fields.kewarganegaraan.value).toBe('WNI');
  });

  it('stays a country that is read clearly', () => {
    expect(read({ kewarganegaraan: 'JEPANG' }).fields.kewarganegaraan.value).toBe('JEPANG');
  });
});

describe('RT without RW', () => {
  it.each([
    ['003/-', '003', null],
    ['003/', '003', null],
    ['5/10', '005', '010'],
  ])('reads %s', (rt_rw, rt, rw) => {
    const { fields } = read({ rt_rw });
    expect([fields.rt.value, fields.rw.value]).toEqual([rt, rw]);
  });
});

describe('the form of a card', () => {
  it('is told by a header of which the picture cuts off the names, as of a half of a card', () => {
    const { lines, ...page } = cardLines({ ...SPECIMEN, provinsi: 'PROVINSI SUMATERA SELATAN' });
    const edge = 0.5 * page.width;
    const half = lines.flatMap((line) => {
      const [{ x: left, y: top }, { x: right }, { y: bottom }] = line.quad;
      const kept = Math.floor((line.text.length * (edge - left)) / (right - left));
      if (kept < 1) return [];
      const end = Math.min(edge, right);
      const quad = [
        { x: left, y: top },
        { x: end, y: top },
        { x: end, y: bottom },
        { x: left, y: bottom },
      ] as const;
      return [textLine(line.text.slice(0, kept), quad)];
    });
    expect(half[0]?.text).toMatch(/^PROVINSI SUM[A-Z]*$/);
    expect(readKtp(half, page).form.header).toBe(true);
  });

  it('is that of cards, and not of a letter or list with the same labels', () => {
    expect(read({}).form).toEqual({ header: true, issue: true, otherSigns: 0 });
    const rows = Object.entries({
      'Provinsi : ': 'JAWA BARAT',
      'NIK : ': SPECIMEN.nik,
      'Nama : ': 'SITI SPESIMEN',
      'Tempat/Tgl Lahir : ': 'BOGOR, 17-08-1990',
      'Jenis Kelamin : ': 'PEREMPUAN',
      'Golongan Darah : ': 'B',
      'Alamat : ': 'JL. MERDEKA NO. 12',
      'Agama : ': 'ISLAM',
      'Status Perkawinan : ': 'KAWIN',
      'Pekerjaan : ': 'GURU',
      'Kewarganegaraan : ': 'WNI',
    });
    const lines = rows.map(([label, value], row) => {
      const text = label + value;
      const [x, y] = [80, 60 + 48 * row];
      return textLine(text, [
        { x, y },
        { x: x + 12 * text.length, y },
        { x: x + 12 * text.length, y: y + 24 },
        { x, y: y + 24 },
      ]);
    });
    const { form } = readKtp(lines, { width: 1000, height: 700 });
    expect(form).toMatchObject({ header: false, issue: false });
    expect(form.otherSigns).toBeGreaterThanOrEqual(2);
  });
});
