import { evenlySpaced } from '../../text-lines/evenly-spaced.ts';
import type { PageSize, Quad, TextLine } from '../../text-lines/text-line.ts';
import type { FieldName } from '../field-names.ts';

/** What stands on a card, field by field, as it is printed; null or absent: not there, or not read. */
export type PrintedValues = Readonly<Partial<Record<FieldName, string | null>>>;

const PAGE: PageSize = { width: 860, height: 542 };
const ROW_HEIGHT = 25;
const ADVANCE = 12;
const LABEL_X = 30;
const VALUE_X = 232;
/** A model does not say how sure it is of a character. */
const CONFIDENCE = 0.98;

/**
 * A card as its lines of text, where a card has them: so that what a model read goes through the very rules that
 * lines of a picture go through.
 */
export function printedLines(values: PrintedValues): { readonly lines: readonly TextLine[]; readonly page: PageSize } {
  const lines: TextLine[] = [];
  const put = (text: string | null | undefined, x: number, row: number): void => {
    if (text) lines.push(lineAt(text, x, 60 + row * ROW_HEIGHT));
  };
  const centred = (text: string | null | undefined, row: number): void => {
    if (text) put(text, (PAGE.width - text.length * ADVANCE) / 2, row);
  };
  centred(prefixed('PROVINSI', values.provinsi), 0);
  centred(values.kabupaten_kota, 1);
  for (const [index, [label, value]] of rowsOf(values).entries()) {
    const row = index + 3;
    put(label, LABEL_X, row);
    if (value) put(`:${value}`, VALUE_X, row);
    if (label === 'Jenis Kelamin' && values.gol_darah) put(`Gol. Darah : ${values.gol_darah}`, PAGE.width / 2, row);
    if (label === 'Pekerjaan') put(values.tempat_terbit, PAGE.width * 0.78, row);
    if (label === 'Kewarganegaraan') put(values.tgl_terbit, PAGE.width * 0.78, row);
  }
  return { lines, page: PAGE };
}

function rowsOf(values: PrintedValues): (readonly [label: string, value: string | null | undefined])[] {
  const both = (first: string | null | undefined, between: string, second: string | null | undefined) =>
    first && second ? `${first}${between}${second}` : (first ?? second);
  return [
    ['NIK', values.nik],
    ['Nama', values.nama],
    ['Tempat/Tgl Lahir', both(values.tempat_lahir, ', ', values.tgl_lahir)],
    ['Jenis Kelamin', values.jenis_kelamin],
    ['Alamat', values.alamat],
    ['RT/RW', both(values.rt, '/', values.rw)],
    ['Kel/Desa', values.kel_desa],
    ['Kecamatan', values.kecamatan],
    ['Agama', values.agama],
    ['Status Perkawinan', values.status_perkawinan],
    ['Pekerjaan', values.pekerjaan],
    ['Kewarganegaraan', values.kewarganegaraan],
    ['Berlaku Hingga', values.berlaku_hingga],
  ];
}

function prefixed(word: string, value: string | null | undefined): string | null {
  if (!value) return null;
  return value.toUpperCase().startsWith(word) ? value : `${word} ${value}`;
}

function lineAt(text: string, x: number, y: number): TextLine {
  const right = x + text.length * ADVANCE;
  const quad: Quad = [
    { x, y: y - 18 },
    { x: right, y: y - 18 },
    { x: right, y: y + 4 },
    { x, y: y + 4 },
  ];
  return evenlySpaced(text, quad, CONFIDENCE);
}
