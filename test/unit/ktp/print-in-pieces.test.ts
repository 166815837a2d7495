import { describe, expect, it } from 'vitest';
import { rowsToLabels } from '../../../src/ktp/layout/rows-to-labels.ts';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import { meanEmissions } from '../../../src/text-lines/mean-emissions.ts';
import type { Quad, TextLine } from '../../../src/text-lines/text-line.ts';
import { cardLines, SPECIMEN } from './card-lines.ts';
import { emittedLine } from './emitted-line.ts';

const QUAD: Quad = [
  { x: 0, y: 0 },
  { x: 100, y: 0 },
  { x: 100, y: 20 },
  { x: 0, y: 20 },
];

/** The specimen with a value of which only some letters are read, so wide in the distance of two rows. */
function withPieces(
  field: 'status_perkawinan' | 'pekerjaan',
  value: string,
  lost: readonly number[],
  leftOver: number,
  brokenWidth: number,
) {
  const { lines, ...page } = cardLines({ ...SPECIMEN, [field]: value });
  const own = lines.find(({ text }) => text.endsWith(value)) as TextLine;
  const label = own.text.slice(0, -value.length);
  const doubts = Object.fromEntries(lost.map((index) => [index + label.length, { '': 1 - leftOver }]));
  const pieces = { ...emittedLine(`${label}${value}`, own.quad, doubts), brokenWidth };
  return readKtp(
    lines.map((line) => (line === own ? pieces : line)),
    page,
  ).fields[field];
}

describe('print in pieces', () => {
  it('is the listed value of which letters are left, and that is not sure', () => {
    const status = withPieces('status_perkawinan', 'BELUM KAWIN', [3, 4, 10], 0.01, 5.6);
    expect(status.value).toBe('BELUM KAWIN');
    expect(status.confidence).toBeLessThan(0.9);
  });

  it('is no value where the letters that are left are those of two', () => {
    expect(withPieces('pekerjaan', 'TUKANG BATU', [7, 9], 1e-4, 5.6).value).toBeNull();
  });

  it('is told by nothing but its letters where it is whole', () => {
    const { lines, ...page } = cardLines({ ...SPECIMEN, pekerjaan: 'BE AWI' });
    expect(readKtp(lines, page).fields.pekerjaan.value).toBe('BE AWI');
  });
});

describe('labels that are not read', () => {
  const front = (text: string): TextLine => emittedLine(text, QUAD);

  it('are told by the order of their rows, and a second row of a value has none', () => {
    const read = ['Na a', '', 'Jeris', 'Alamat', ' ', 'RTRW', '', 'Kec', '', 'Stat', '', '', ''].map(front);
    expect(rowsToLabels(read)).toEqual([
      'nama',
      'lahir',
      'jenis_kelamin',
      'alamat',
      undefined,
      'rt_rw',
      'kel_desa',
      'kecamatan',
      'agama',
      'status_perkawinan',
      'pekerjaan',
      'kewarganegaraan',
      'berlaku_hingga',
    ]);
  });
});

describe('several renderings of one line', () => {
  it('are no surer than they agree, and none where they are not of one size', () => {
    const one = emittedLine('AB', QUAD).emissions;
    const other = emittedLine('AC', QUAD).emissions;
    if (!one || !other) throw new Error('a line without probabilities');
    const mean = meanEmissions([one, other]);
    const columns = one.characters.length;
    expect(mean?.probabilities[4 * columns + one.characters.indexOf('B')]).toBeCloseTo(0.5);
    expect(mean?.probabilities[1 * columns + one.characters.indexOf('A')]).toBeCloseTo(1);
    const longer = emittedLine('ABC', QUAD).emissions;
    expect(longer && meanEmissions([one, longer])).toBeNull();
  });
});
