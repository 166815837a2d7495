import { describe, expect, it } from 'vitest';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import { textLine } from './card-lines.ts';

/** The rows of a bilevel copy whose thin labels are lost or misread, as the recogniser read them. */
const ROWS: ReadonlyArray<readonly [text: string, left: number, top: number, right: number, bottom: number]> = [
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

const lines = ROWS.map(([text, left, top, right, bottom]) =>
  textLine(text, [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ]),
);
const { fields } = readKtp(lines, { width: 860, height: 560 });

describe('a card whose labels are misread', () => {
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
