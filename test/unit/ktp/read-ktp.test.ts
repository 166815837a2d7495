import { describe, expect, it } from 'vitest';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import { fieldSchema } from '../../../src/ktp/schema.ts';
import type { Point, TextLine } from '../../../src/text-lines/text-line.ts';
import { cardLines, type LinesOptions, type PrintedCard, SPECIMEN, textLine } from './card-lines.ts';

const EXPECTED = {
  provinsi: 'JAWA BARAT',
  kabupaten_kota: 'KABUPATEN BOGOR',
  nik: '3201015708900000',
  nama: 'SITI SPESIMEN',
  tempat_lahir: 'BOGOR',
  tgl_lahir: '1990-08-17',
  jenis_kelamin: 'PEREMPUAN',
  gol_darah: 'O',
  alamat: 'JL. MERDEKA NO. 12',
  rt: '003',
  rw: '007',
  kel_desa: 'PAKANSARI',
  kecamatan: 'CIBINONG',
  agama: 'ISLAM',
  status_perkawinan: 'BELUM KAWIN',
  pekerjaan: 'PELAJAR/MAHASISWA',
  kewarganegaraan: 'WNI',
  berlaku_hingga: 'SEUMUR HIDUP',
  tempat_terbit: 'BOGOR',
  tgl_terbit: '2015-06-05',
};

function read(card: PrintedCard, options?: LinesOptions) {
  const { lines, ...page } = cardLines(card, options);
  return readKtp(lines, page);
}

function valuesOf(reading: ReturnType<typeof readKtp>): Record<string, string | null> {
  return Object.fromEntries(Object.entries(reading.fields).map(([name, field]) => [name, field.value]));
}

/** The words of a line, each a line of its own. */
function wordsOf(line: TextLine): TextLine[] {
  return [...line.text.matchAll(/\S+/g)].map((word) => part(line, word.index, word.index + word[0].length));
}

/** What of a line stands right of an edge in pixels. */
function rightOf(line: TextLine, edge: number): TextLine[] {
  const [topLeft, topRight] = line.quad;
  const share = (edge - topLeft.x) / (topRight.x - topLeft.x);
  const start = Math.max(0, Math.ceil(share * line.text.length));
  return start >= line.text.length ? [] : [part(line, start, line.text.length)];
}

function part(line: TextLine, start: number, end: number): TextLine {
  const [topLeft, topRight, bottomRight, bottomLeft] = line.quad;
  const between = (from: Point, to: Point, index: number): Point => ({
    x: from.x + ((to.x - from.x) * index) / line.text.length,
    y: from.y + ((to.y - from.y) * index) / line.text.length,
  });
  return textLine(line.text.slice(start, end), [
    between(topLeft, topRight, start),
    between(topLeft, topRight, end),
    between(bottomLeft, bottomRight, end),
    between(bottomLeft, bottomRight, start),
  ]);
}

describe('readKtp', () => {
  it('reads a clean upright card whole', () => {
    const reading = read(SPECIMEN);
    expect(valuesOf(reading)).toEqual(EXPECTED);
    expect(reading.likelihood).toBeGreaterThan(0.99);
    for (const field of Object.values(reading.fields)) fieldSchema.parse(field);
  });

  it.each([
    ['label and value in one line', { merged: true }],
    ['labels glued to values, no colon', { merged: true, colon: 'none' }],
    ['colon on the label', { colon: 'label' }],
    ['full-width colon', { colonText: '：' }],
    ['colon read as semicolon', { colonText: ';' }],
    ['a card askew', { slope: 0.05 }],
    ['a card askew the other way', { slope: -0.05, merged: 0.5 }],
    ['a small card', { width: 400 }],
    ['labels in upper case', { labels: { nama: 'NAMA', lahir: 'TEMPAT/TGL LAHIR', alamat: 'ALAMAT', agama: 'AGAMA' } }],
  ] satisfies [string, LinesOptions][])('reads the same with %s', (_, options) => {
    expect(valuesOf(read(SPECIMEN, options))).toEqual(EXPECTED);
  });

  it('reads the same with each word a line of its own', () => {
    const { lines, ...page } = cardLines(SPECIMEN, { slope: 0.01 });
    const words = lines.flatMap((line) => wordsOf(line));
    expect(words.length).toBeGreaterThan(lines.length + 10);
    expect(valuesOf(readKtp(words, page))).toEqual(EXPECTED);
  });

  it('tells labels by their ends where the picture cuts their beginnings off', () => {
    const { lines, ...page } = cardLines(SPECIMEN);
    const cut = lines.flatMap((line) => rightOf(line, page.width * 0.075));
    expect(cut.map((line) => line.text)).not.toContain('Nama');
    expect(valuesOf(readKtp(cut, page))).toEqual(EXPECTED);
  });

  it('reads the values where all labels are beyond the edge, with less confidence', () => {
    const { lines, ...page } = cardLines(SPECIMEN);
    const reading = readKtp(
      lines.flatMap((line) => rightOf(line, page.width * 0.25)),
      page,
    );
    expect(valuesOf(reading)).toMatchObject({
      nik: SPECIMEN.nik,
      tgl_lahir: '1990-08-17',
      nama: SPECIMEN.nama,
      rw: '007',
    });
    expect(reading.fields.nama.confidence).toBeLessThan(0.9);
  });

  it('keeps to the card where another paper lies beside it', () => {
    const { lines, width, height } = cardLines(SPECIMEN);
    const letter = ['Nama : ORANG LAIN', 'Alamat : JL. LAIN NO. 1', 'Demikian surat ini kami sampaikan'].map(
      (text, index) => {
        const [left, top] = [width * 1.1, height * (0.2 + index * 0.05)];
        const [right, bottom] = [left + text.length * 10, top + 24];
        return textLine(text, [
          { x: left, y: top },
          { x: right, y: top },
          { x: right, y: bottom },
          { x: left, y: bottom },
        ]);
      },
    );
    expect(valuesOf(readKtp([...letter, ...lines], { width: width * 2, height }))).toEqual(EXPECTED);
  });

  it('joins wrapped names, places and addresses', () => {
    const card: PrintedCard = {
      ...SPECIMEN,
      nama: ['RADEN MAS SPESIMEN WICAKSONO', 'KUSUMANINGRAT'],
      lahir: ['KABUPATEN PENUKAL ABAB,', '17-08-1990'],
      alamat: ['PERUM GRIYA ASRI BLOK C3 NO. 12', 'JL. MERDEKA'],
    };
    const reading = read(card);
    expect(reading.fields.nama.value).toBe('RADEN MAS SPESIMEN WICAKSONO KUSUMANINGRAT');
    expect(reading.fields.tempat_lahir.value).toBe('KABUPATEN PENUKAL ABAB');
    expect(reading.fields.tgl_lahir.value).toBe('1990-08-17');
    expect(reading.fields.alamat.value).toBe('PERUM GRIYA ASRI BLOK C3 NO. 12 JL. MERDEKA');
    expect(reading.fields.rt.value).toBe('003');
  });

  it('does not take a place for a label', () => {
    const card = { ...SPECIMEN, lahir: 'PANGANDARAN, 17-08-1990', gol_darah: '', alamat: 'KEDAMAIAN' };
    const { lines, ...page } = cardLines(card);
    const { fields } = readKtp(
      lines.filter((line) => !line.text.startsWith('Gol')),
      page,
    );
    expect(fields.tempat_lahir.value).toBe('PANGANDARAN');
    expect(fields.alamat.value).toBe('KEDAMAIAN');
    expect(fields.gol_darah.value).toBeNull();
  });

  it.each(['2026', '26', '202'])('reads no year that was written across the card on to the NIK: %s', (year) => {
    const { lines, ...page } = cardLines({ ...SPECIMEN, nik: `${SPECIMEN.nik}${year}` });
    const { nik } = readKtp(lines, page).fields;
    expect(nik.value).toBe(SPECIMEN.nik);
    expect(nik.confidence).toBeLessThan(0.9);
  });

  it('answers nulls for a page without text', () => {
    const reading = readKtp([], { width: 100, height: 100 });
    expect(Object.values(reading.fields).every((field) => field.value === null)).toBe(true);
    expect(reading.likelihood).toBeLessThan(0.05);
    expect(reading.compat.alamat.rt_rw).toBe('');
  });
});
