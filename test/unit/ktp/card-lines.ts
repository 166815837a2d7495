import type { Point, Quad, TextLine } from '../../../src/text-lines/text-line.ts';

/** What a card prints, as strings; an array is a wrapped value. */
export interface PrintedCard {
  provinsi: string;
  kabupaten: string;
  nik: string;
  nama: string | string[];
  lahir: string | string[];
  jenis_kelamin: string;
  gol_darah: string;
  alamat: string | string[];
  rt_rw: string;
  kel_desa: string;
  kecamatan: string;
  agama: string;
  status_perkawinan: string;
  pekerjaan: string | string[];
  kewarganegaraan: string;
  berlaku_hingga: string;
  tempat_terbit: string;
  tgl_terbit: string;
}

export const SPECIMEN: PrintedCard = {
  provinsi: 'PROVINSI JAWA BARAT',
  kabupaten: 'KABUPATEN BOGOR',
  nik: '3201015708900000',
  nama: 'SITI SPESIMEN',
  lahir: 'BOGOR, 17-08-1990',
  jenis_kelamin: 'PEREMPUAN',
  gol_darah: 'O',
  alamat: 'JL. MERDEKA NO. 12',
  rt_rw: '003/007',
  kel_desa: 'PAKANSARI',
  kecamatan: 'CIBINONG',
  agama: 'ISLAM',
  status_perkawinan: 'BELUM KAWIN',
  pekerjaan: 'PELAJAR/MAHASISWA',
  kewarganegaraan: 'WNI',
  berlaku_hingga: 'SEUMUR HIDUP',
  tempat_terbit: 'BOGOR',
  tgl_terbit: '05-06-2015',
};

export interface LinesOptions {
  /** Card width in pixels. Default 860. */
  width?: number;
  /** Slope of all rows. Default 0. */
  slope?: number;
  /** Random offset of each line in pixels, both ways. Default 0. */
  jitter?: number;
  /** Whether label and value are one line (a number: share of rows, by `random`). Default false. */
  merged?: boolean | number;
  /** Whether the colon is left on the value ("value"), the label ("label") or is lost ("none"). Default value. */
  colon?: 'value' | 'label' | 'none';
  colonText?: string;
  labels?: Partial<Record<string, string>>;
  /** Changes the text of each value before it is placed: confusions, lost blanks. */
  misread?: (text: string, field: string) => string;
  /** Where random numbers in [0, 1) come from. Default: always 0.5. */
  random?: () => number;
}

const LABELS: Record<string, string> = {
  nik: 'NIK',
  nama: 'Nama',
  lahir: 'Tempat/Tgl Lahir',
  jenis_kelamin: 'Jenis Kelamin',
  alamat: 'Alamat',
  rt_rw: 'RT/RW',
  kel_desa: 'Kel/Desa',
  kecamatan: 'Kecamatan',
  agama: 'Agama',
  status_perkawinan: 'Status Perkawinan',
  pekerjaan: 'Pekerjaan',
  kewarganegaraan: 'Kewarganegaraan',
  berlaku_hingga: 'Berlaku Hingga',
};

const INDENTED = new Set(['rt_rw', 'kel_desa', 'kecamatan']);

/** The lines that a perfect detector and reader would find on a card, with the faults that the options ask for. */
export function cardLines(
  card: PrintedCard,
  options: LinesOptions = {},
): { lines: TextLine[]; width: number; height: number } {
  const { width = 860, slope = 0, jitter = 0, colon = 'value', colonText = ':', random = () => 0.5 } = options;
  const height = width / 1.586;
  const size = height * 0.036;
  const advance = size * 0.62;
  const lines: TextLine[] = [];
  const wobble = (): number => (random() * 2 - 1) * jitter;
  const put = (text: string, x: number, y: number, step = advance): void => {
    if (text.trim() === '') return;
    const right = x + text.length * step;
    const dy = wobble();
    const at = (px: number, py: number): Point => ({ x: px, y: py + dy + slope * (px - width / 2) });
    const quad: Quad = [at(x, y - size), at(right, y - size), at(right, y + size * 0.25), at(x, y + size * 0.25)];
    lines.push(textLine(text, quad));
  };
  const misread = options.misread ?? ((text: string): string => text);
  const centred = (text: string, y: number): void =>
    put(text, width / 2 - (text.length * advance * 1.1) / 2, y, advance * 1.1);
  centred(misread(card.provinsi, 'provinsi'), height * 0.1);
  centred(misread(card.kabupaten, 'kabupaten_kota'), height * 0.16);
  let y = height * 0.26;
  const pitch = height * 0.047;
  for (const [field, standard] of Object.entries(LABELS)) {
    const label = options.labels?.[field] ?? standard;
    const value = card[field as keyof PrintedCard];
    const rows = (Array.isArray(value) ? value : [value]).map((row) => misread(row, field));
    const x = width * (INDENTED.has(field) ? 0.06 : 0.035);
    const valueX = width * 0.27;
    const step = field === 'nik' ? advance * 1.3 : advance;
    const merge = typeof options.merged === 'number' ? random() < options.merged : options.merged === true;
    const first = rows[0] ?? '';
    if (merge) {
      put(`${label}${colon === 'none' ? ' ' : colonText}${first}`, x, y);
    } else {
      put(colon === 'label' ? `${label}${colonText}` : label, x, y);
      put(colon === 'value' ? `${colonText}${first}` : first, valueX - (colon === 'value' ? step : 0), y, step);
    }
    if (field === 'jenis_kelamin')
      put(`Gol. Darah ${colonText} ${misread(card.gol_darah, 'gol_darah')}`, width * 0.5, y);
    for (const row of rows.slice(1)) {
      y += pitch;
      put(row, valueX, y);
    }
    if (field === 'pekerjaan') issue(misread(card.tempat_terbit, 'tempat_terbit'), y);
    if (field === 'kewarganegaraan') issue(misread(card.tgl_terbit, 'tgl_terbit'), y);
    y += field === 'nik' ? height * 0.055 : pitch;
  }
  function issue(text: string, row: number): void {
    put(text, width * 0.84 - (text.length * advance) / 2, row + height * 0.012);
  }
  return { lines, width, height };
}

/** A line of evenly spaced characters, each read with the same confidence. */
export function textLine(text: string, quad: Quad, confidence = 0.98): TextLine {
  const characters = [...text].map((character, index, all) => ({
    text: character,
    confidence,
    position: (index + 0.5) / all.length,
  }));
  return { text, confidence, characters, quad };
}
