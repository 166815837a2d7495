import { describe, expect, it } from 'vitest';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import { textLine } from './card-lines.ts';

type Row = readonly [text: string, left: number, top: number, right: number, bottom: number];

/** The rows of a bilevel copy whose thin labels are lost or misread, as the recogniser read them. */
const MISREAD: readonly Row[] = [
  ['PROVINSI PAPUA SELATAN', 266, 87, 638, 118],
  ['KABUPATEN MERAUKE', 289, 115, 612, 145],
  [':9101012503470000', 240, 159, 687, 201],
  ['NIK', 86, 163, 152, 200],
  ['SEAN NGUYEN', 263, 206, 418, 231],
  ['Naria', 89, 207, 148, 230],
  ['Teopa To tade', 90, 228, 233, 253],
  [':SEATTLE.25-03-1947', 261, 229, 469, 253],
  ['leis raa', 91, 250, 209, 275],
  [':MALE', 263, 250, 331, 274],
  ['d AB', 476, 252, 578, 277],
  ['JL. IMAM BONJOL NO. 30', 266, 272, 509, 297],
  ['Asrnal', 89, 275, 154, 295],
  ['RIRW', 99, 292, 172, 318],
  [':019/003', 263, 297, 348, 318],
  ['kel De', 102, 316, 187, 341],
  [':SIBENDA', 261, 318, 363, 340],
  ['Kecamae', 102, 339, 200, 362],
  [':KONTUAR', 261, 340, 373, 362],
  [': MOSLEM', 262, 361, 363, 385],
  ['Staus Pebacnan', 92, 382, 254, 407],
  ['SINGLE', 258, 384, 349, 406],
  ['Pekenaan', 87, 404, 180, 429],
  [': PRIVATE EMPLOYEE', 263, 405, 466, 429],
  [': UNITED STATES', 262, 426, 425, 451],
  ['Kevatqanegataan', 88, 428, 249, 451],
  ['MERAUKE', 658, 445, 749, 467],
  ['Berakutmna', 88, 449, 223, 472],
  [':19-03-2024', 265, 449, 375, 473],
  ['19.03-2019', 657, 465, 750, 488],
];

/** The rows of a fax whose labels are in pieces: but for two, none is to be known. */
const IN_PIECES: readonly Row[] = [
  ['PROVINSI PAPUA PEGUNUNGAN', 181, 44, 563, 71],
  ['KABUPATEN PEGUNUNGAN BINTANG', 153, 70, 591, 98],
  ['NIK', 44, 117, 100, 149],
  [':9502044411840000', 180, 113, 573, 149],
  ["'ura", 45, 154, 94, 177],
  ['SELFINA MANDACAN', 208, 155, 375, 176],
  ['Tepi a: T', 46, 174, 164, 197],
  ['PEGUNUNGAN BINTANG. 04-11-1984', 205, 174, 483, 196],
  ['j k t', 45, 193, 141, 215],
  [':PEREMPUAN', 201, 193, 315, 215],
  ['2  0', 352, 194, 457, 215],
  ['Anr a', 45, 214, 99, 232],
  [': DUSUN WAENA', 200, 213, 330, 234],
  ['RIPW', 57, 232, 115, 252],
  [':000/018', 200, 233, 273, 254],
  ['r C1', 57, 251, 127, 273],
  [': IWUR', 200, 250, 259, 274],
  ['k.111 ', 56, 272, 136, 292],
  ['IWUR', 201, 271, 259, 292],
  ['ALTH', 44, 291, 100, 311],
  ['ISLAM', 201, 291, 265, 311],
  ['Sar. Fersdanar', 45, 309, 175, 333],
  ['KAWIN', 200, 310, 268, 331],
  ['Pebear', 44, 328, 114, 352],
  ['ANGGOTA KABINETIKEMENTERIAN', 204, 328, 478, 351],
  ['SPESIMEN', 531, 327, 667, 355],
  ['sradaaedd hr', 45, 350, 173, 371],
  ['WNI', 200, 349, 248, 369],
  ['Berl Hna', 45, 368, 155, 391],
  ['SEUMUR HIDUP', 202, 367, 333, 389],
  ['PEGUNUNGAN BINTANG', 518, 370, 686, 391],
  ['03-02-2019', 564, 390, 640, 408],
];

function read(rows: readonly Row[]) {
  const lines = rows.map(([text, left, top, right, bottom]) =>
    textLine(text, [
      { x: left, y: top },
      { x: right, y: top },
      { x: right, y: bottom },
      { x: left, y: bottom },
    ]),
  );
  return readKtp(lines, { width: 860, height: 560 });
}

describe('a card whose labels are misread', () => {
  const { fields } = read(MISREAD);

  it('has its sex in a row of its own, whatever is left of the label of the blood group behind it', () => {
    expect(fields.jenis_kelamin).toMatchObject({ value: 'LAKI-LAKI', source: 'ocr' });
    expect(fields.tempat_lahir.value).toBe('SEATTLE');
    expect(fields.tempat_lahir.warnings).not.toContain('gap');
  });

  it('has its blood group far behind the sex, which is not sure without its label', () => {
    expect(fields.gol_darah.value).toBe('AB');
    expect(fields.gol_darah.confidence).toBeLessThan(0.9);
  });

  it('has no gap between a name and what is left of its label', () => {
    expect(fields.nama.warnings).not.toContain('gap');
  });
});

describe('a card whose labels are in pieces', () => {
  const { fields, likelihood } = read(IN_PIECES);

  it('is no other document', () => {
    expect(likelihood).toBeGreaterThan(0.8);
  });

  it('has its values in the column that most of them begin in, not in that of the labels', () => {
    const values = Object.entries(fields).map(([name, { value }]) => [name, value]);
    expect(Object.fromEntries(values)).toMatchObject({
      nama: 'SELFINA MANDACAN',
      tempat_lahir: 'PEGUNUNGAN BINTANG',
      tgl_lahir: '1984-11-04',
      alamat: 'DUSUN WAENA',
      rt: '000',
      rw: '018',
      kel_desa: 'IWUR',
      kecamatan: 'IWUR',
      agama: 'ISLAM',
      status_perkawinan: 'KAWIN',
      pekerjaan: 'ANGGOTA KABINET/KEMENTERIAN',
      kewarganegaraan: 'WNI',
      berlaku_hingga: 'SEUMUR HIDUP',
    });
  });

  it('has sex and blood group apart, whatever single characters are left between them', () => {
    expect(fields.jenis_kelamin).toMatchObject({ value: 'PEREMPUAN', source: 'ocr' });
    expect(fields.gol_darah.value).toBe('O');
    expect(fields.gol_darah.confidence).toBeLessThan(0.9);
  });
});
