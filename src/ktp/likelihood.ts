import type { TextLine } from '../text-lines/text-line.ts';
import type { FieldName } from './field-names.ts';
import type { Reading } from './fields/reading.ts';
import type { RowLabel } from './layout/labels.ts';
import type { CardLayout } from './layout/layout.ts';
import { ocrDistance } from './rules/edit-distance.ts';
import { bareText } from './rules/snap.ts';

/** Points of a label by how rare it is on other documents: licences and tax cards have names and addresses too. */
const COMMON_LABEL = 0.35;
const OWN_LABEL = 1;
const COMMON_LABELS: ReadonlySet<RowLabel> = new Set<RowLabel>([
  'nik',
  'nama',
  'alamat',
  'lahir',
  'jenis_kelamin',
  'pekerjaan',
  'berlaku_hingga',
]);

/** Half of the points that a card with all its labels has. */
const EVEN_POINTS = 4.2;
const STEEPNESS = 1.4;

/**
 * Titles of documents that share the KTP's labels, with the points that they cost: the child's card and the family
 * card have nearly all of them, the others few (and may lie beside a KTP).
 */
const OTHER_TITLES: ReadonlyArray<readonly [title: string, points: number]> = [
  ['KARTUIDENTITASANAK', 9],
  ['KARTUKELUARGA', 9],
  ['NAMAKEPALAKELUARGA', 9],
  ['SURATIZINMENGEMUDI', 2],
  ['DRIVINGLICENSE', 2],
  ['DIREKTORATJENDERALPAJAK', 2],
  ['KARTUINDONESIASEHAT', 2],
  ['BPJSKESEHATAN', 2],
  ['KARTUTANDAMAHASISWA', 2],
  ['KARTUPELAJAR', 2],
  ['SURATKETERANGAN', 2],
  ['KARTUTANDAANGGOTA', 2],
  ['PASPOR', 2],
];

/**
 * How likely the lines are a KTP, 0-1: labels in the card's order, above all those that other documents lack, a header
 * that names a province and a regency, and values of the expected form.
 */
export function ktpLikelihood(
  lines: readonly TextLine[],
  layout: CardLayout,
  readings: Readonly<Record<FieldName, Reading>>,
): number {
  let points = 0;
  for (const { label, quality } of layout.anchors) {
    points += quality * (COMMON_LABELS.has(label) ? COMMON_LABEL : OWN_LABEL);
  }
  if (layout.slots.has('gol_darah')) points += 0.5;
  for (const [name, worth] of VALUES) if (isOfForm(name, readings[name])) points += worth;
  for (const [title, cost] of OTHER_TITLES) if (lines.some((line) => names(line, title))) points -= cost;
  return 1 / (1 + Math.exp(-STEEPNESS * (points - EVEN_POINTS)));
}

const VALUES: ReadonlyArray<readonly [name: FieldName, worth: number]> = [
  ['provinsi', 1],
  ['kabupaten_kota', 0.7],
  ['nik', 0.8],
  ['rt', 0.4],
  ['agama', 0.6],
  ['status_perkawinan', 0.6],
  ['kewarganegaraan', 0.5],
  ['berlaku_hingga', 0.3],
];

function isOfForm(name: FieldName, reading: Reading): boolean {
  if (reading.value === null || reading.source === 'derived') return false;
  if (name === 'nik') return reading.value.length === 16;
  return name === 'rt' || name === 'berlaku_hingga' || reading.evidence.listed;
}

function names(line: TextLine, title: string): boolean {
  const text = bareText(line.text);
  if (Math.abs(text.length - title.length) > 4) return false;
  return ocrDistance(text, title, title.length * 0.2) <= title.length * 0.2;
}
