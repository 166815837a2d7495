import { prefixDistances } from '../rules/edit-distance.ts';
import type { Glyph } from '../text/spans.ts';

/** What a card prints in front of its values, in the order of the rows; blood group stands on the row of sex. */
export const LABEL_ORDER = [
  'nik',
  'nama',
  'lahir',
  'jenis_kelamin',
  'alamat',
  'rt_rw',
  'kel_desa',
  'kecamatan',
  'agama',
  'status_perkawinan',
  'pekerjaan',
  'kewarganegaraan',
  'berlaku_hingga',
] as const;

export type RowLabel = (typeof LABEL_ORDER)[number];
export type Label = RowLabel | 'gol_darah';

/** The common wordings, as cards print them. */
export const PRINTED: Readonly<Record<Label, string>> = {
  nik: 'NIK',
  nama: 'Nama',
  lahir: 'Tempat/Tgl Lahir',
  jenis_kelamin: 'Jenis Kelamin',
  gol_darah: 'Gol. Darah',
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

/** Other wordings, folded to letters only. */
const OTHERS: Readonly<Record<Label, readonly string[]>> = {
  nik: ['NOKTP', 'NOMORINDUKKEPENDUDUKAN'],
  nama: ['NAMALENGKAP', 'NAME', 'FULLNAME'],
  lahir: [
    'TEMPATTANGGALLAHIR',
    'TEMPATTGLAHIR',
    'TMPTTGLLAHIR',
    'TTL',
    'TEMPATLAHIR',
    'PLACEDATEOFBIRTH',
    'PLACEANDDATEOFBIRTH',
  ],
  jenis_kelamin: ['JNSKELAMIN', 'KELAMIN', 'SEX', 'GENDER'],
  gol_darah: ['GOLONGANDARAH', 'GOLDRH', 'BLOODTYPE', 'BLOODGROUP'],
  alamat: ['ALAMATRUMAH', 'ADDRESS'],
  rt_rw: [],
  kel_desa: ['KELURAHANDESA', 'DESAKELURAHAN', 'DESAKEL', 'KELURAHAN', 'VILLAGE', 'SUBDISTRICT'],
  kecamatan: ['DISTRICT'],
  agama: ['AGAMAKEPERCAYAAN', 'KEPERCAYAAN', 'RELIGION'],
  status_perkawinan: ['STATUSKAWIN', 'STATUS', 'STATPERKAWINAN', 'MARITALSTATUS'],
  pekerjaan: ['JENISPEKERJAAN', 'OCCUPATION'],
  kewarganegaraan: ['WARGANEGARA', 'NATIONALITY', 'CITIZENSHIP'],
  berlaku_hingga: ['BERLAKUSAMPAI', 'BERLAKUSD', 'BERLAKU', 'VALIDUNTIL', 'EXPIRYDATE'],
};

const ALL_LABELS: readonly Label[] = [...LABEL_ORDER, 'gol_darah'];

/** All wordings, folded to letters only. The first of each is the common one. */
const WORDINGS: ReadonlyMap<Label, readonly string[]> = new Map(
  ALL_LABELS.map((label) => [label, [lettersOf(PRINTED[label]), ...OTHERS[label]]]),
);

function lettersOf(text: string): string {
  return text.replace(/[^A-Za-z]/g, '').toUpperCase();
}

/** Labels behind which nothing can stand that is as small as a letter: no value was overlooked on their line. */
const BARE: ReadonlySet<string> = new Set(
  LABEL_ORDER.filter((label) => label !== 'nama' && label !== 'jenis_kelamin').map((label) =>
    lettersOf(PRINTED[label]),
  ),
);

/** Whether a text is a label in its common wording and nothing else. */
export function isBareLabel(text: string): boolean {
  return /^[A-Za-z /.:]+$/.test(text) && BARE.has(lettersOf(text));
}

/** Whether a text is this label in its common wording and nothing else. */
export function isWordingOf(label: Label, text: string): boolean {
  return lettersOf(text) === lettersOf(PRINTED[label]);
}

export interface LabelMatch {
  readonly label: Label;
  /** Edits between the wording and what was read; confusable characters count half. */
  readonly distance: number;
  /** 0-1, one for a perfect match of a long wording. */
  readonly quality: number;
  /** Number of glyphs that the label takes, separators behind it included. */
  readonly end: number;
}

/** Edits that a wording of this length may have; more where its place on the card already speaks for it. */
function allowance(length: number, expected: boolean): number {
  if (expected && length > 3) return length === 4 ? 1.5 : length * 0.45;
  if (length <= 3) return 0.5;
  if (length <= 4) return 1;
  if (length <= 6) return 1.5;
  return Math.min(4, length * 0.28);
}

/**
 * Finds the label that a run of glyphs begins with, or undefined. With `expected` only those labels are tried, and
 * more misread letters allowed.
 */
export function matchLabel(glyphs: readonly Glyph[], expected?: readonly Label[]): LabelMatch | undefined {
  const { text, indexes } = foldGlyphs(glyphs, 28);
  if (text.length < 2) return undefined;
  let best: LabelMatch | undefined;
  for (const label of expected ?? ALL_LABELS) {
    for (const wording of WORDINGS.get(label) ?? []) {
      const match = matchWording(label, wording, text, indexes, glyphs, expected !== undefined);
      if (match && (!best || match.quality > best.quality)) best = match;
    }
  }
  return best;
}

/**
 * Finds the labels that a run of glyphs begins with the end of ("amat : JL." of Alamat): their beginning lies beyond
 * the picture's edge or under a finger. Several labels share their last letters, so all that fit are answered.
 */
export function matchCutLabel(glyphs: readonly Glyph[]): LabelMatch[] {
  const { text, indexes } = foldGlyphs(glyphs, 18);
  const found: LabelMatch[] = [];
  for (const label of LABEL_ORDER) {
    const [wording = ''] = WORDINGS.get(label) ?? [];
    let best: LabelMatch | undefined;
    for (let start = 1; wording.length - start >= LEAST_REMNANT; start += 1) {
      const remnant = wording.slice(start);
      const allowed = remnant.length <= 3 ? 0 : remnant.length * 0.2;
      for (const [end, distance] of prefixDistances(remnant, text, allowed, 1)?.entries() ?? []) {
        if (end === 0 || distance > allowed) continue;
        const last = indexes[end - 1] ?? 0;
        if (boundaryCost(glyphs, last) > 0.2) continue;
        const share = remnant.length / wording.length;
        const quality = 0.75 * share * (1 - distance / (remnant.length + 1));
        if (best && quality <= best.quality) continue;
        let after = last + 1;
        while (after < glyphs.length && isSeparator(glyphs[after]?.text ?? '')) after += 1;
        best = { label, distance, quality, end: after };
      }
    }
    if (best) found.push(best);
  }
  return found;
}

/** Fewer letters of a label than this say nothing. */
const LEAST_REMNANT = 2;

function matchWording(
  label: Label,
  wording: string,
  text: string,
  indexes: readonly number[],
  glyphs: readonly Glyph[],
  expected: boolean,
): LabelMatch | undefined {
  const allowed = allowance(wording.length, expected);
  let best: { distance: number; end: number; cost: number } | undefined;
  for (const [end, distance] of prefixDistances(wording, text, allowed)?.entries() ?? []) {
    if (end === 0 || distance > allowed) continue;
    const last = indexes[end - 1] ?? 0;
    const cost = distance + boundaryCost(glyphs, last);
    if (!best || cost < best.cost) best = { distance, end: last + 1, cost };
  }
  if (!best) return undefined;
  let { end } = best;
  while (end < glyphs.length && isSeparator(glyphs[end]?.text ?? '')) end += 1;
  const glued = best.cost - best.distance > 0.5;
  // A short word without a boundary behind it ("TTLxyz", "NIKO") is more likely a part of a value.
  if (glued && wording.length < 4) return undefined;
  const certainty = 1 - best.cost / (wording.length + 1);
  return { label, distance: best.distance, quality: certainty * Math.min(1, (wording.length + 6) / 14), end };
}

/**
 * How unlikely it is that a label ends behind this glyph: not at all before ':', little before a blank or a change of
 * case, very inside a word of small letters.
 */
function boundaryCost(glyphs: readonly Glyph[], last: number): number {
  const here = glyphs[last]?.text ?? '';
  const next = glyphs[last + 1]?.text;
  if (next === undefined || next === ':' || next === ';') return 0;
  if (isSeparator(next)) return 0.1;
  if (isLower(here)) return isLower(next) ? 1.6 : 0.2;
  return 0.6;
}

function isLower(character: string): boolean {
  return character !== character.toUpperCase();
}

/** Marks that stand between a label and its value. */
export function isSeparator(character: string): boolean {
  return character === ' ' || ':;.,|\'"*·'.includes(character);
}

function foldGlyphs(glyphs: readonly Glyph[], limit: number): { text: string; indexes: number[] } {
  let text = '';
  const indexes: number[] = [];
  for (const [index, glyph] of glyphs.entries()) {
    if (text.length >= limit) break;
    const upper = glyph.text.toUpperCase();
    if (upper.length === 1 && /[A-Z0-9|!]/.test(upper)) {
      text += upper;
      indexes.push(index);
    }
  }
  return { text, indexes };
}
