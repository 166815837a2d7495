import { describe, expect, it } from 'vitest';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import { fieldSchema } from '../../../src/ktp/schema.ts';
import { cardLines, type LinesOptions, type PrintedCard, SPECIMEN } from './card-lines.ts';

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

  it('answers nulls for a page without text', () => {
    const reading = readKtp([], { width: 100, height: 100 });
    expect(Object.values(reading.fields).every((field) => field.value === null)).toBe(true);
    expect(reading.likelihood).toBeLessThan(0.05);
    expect(reading.compat.alamat.rt_rw).toBe('');
  });
});
