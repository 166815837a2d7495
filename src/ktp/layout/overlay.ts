import { median } from '../../text-lines/median.ts';
import type { TextLine } from '../../text-lines/text-line.ts';
import { ocrDistance } from '../rules/edit-distance.ts';
import { bareText } from '../rules/snap.ts';
import { fitFrame, lineHeight } from '../text/frame.ts';

/**
 * Words that people write or stamp across pictures of their cards and that no card prints: "hanya untuk verifikasi",
 * "fotokopi sesuai dengan aslinya", "legalisir".
 */
const MARK_WORDS: ReadonlySet<string> = new Set([
  'HANYA',
  'UNTUK',
  'VERIFIKASI',
  'KEPERLUAN',
  'PENGAJUAN',
  'PINJAMAN',
  'LAMARAN',
  'REKENING',
  'PENDAFTARAN',
  'PERSYARATAN',
  'LEGALISIR',
  'LEGALISASI',
  'SESUAI',
  'ASLINYA',
  'FOTOKOPI',
  'FOTOCOPY',
  'PHOTOCOPY',
  'SALINAN',
  'COPY',
  'DIPERIKSA',
  'DITERIMA',
]);

/** Words that tell a stamp even where some of their letters are misread: no name and no place is near them. */
const STAMP_WORDS: readonly string[] = [
  'ASLINYA',
  'DIPERIKSA',
  'FOTOKOPI',
  'FOTOCOPY',
  'LEGALISIR',
  'LEGALISASI',
  'VERIFIKASI',
  'KEPERLUAN',
];
/** Words that only go with those. */
const BESIDE_STAMP_WORDS: readonly string[] = ['SESUAI', 'DENGAN', 'TELAH', 'HANYA', 'UNTUK'];
/** A word must be so long to tell a stamp alone, and this long to have two misread letters and not one. */
const TELLING = 8;
const LONG = 7;
/** A part of one without a misread letter tells from this length on. */
const PIECE = 7;

/** Whether all words of a line are those of a stamp, some letters of which may be misread or missing: part of no value. */
export function isStampText(text: string): boolean {
  const words = text.toUpperCase().match(/[A-Z]{4,}/g) ?? [];
  const telling = words.filter((word) => STAMP_WORDS.some((mark) => isNearly(word, mark)));
  const [first = ''] = words;
  const tells = words.length > 1 || first.length >= TELLING || isPiece(first);
  if (telling.length === 0 || !tells) return false;
  return words.every((word) => telling.includes(word) || BESIDE_STAMP_WORDS.some((mark) => isNearly(word, mark)));
}

/** Whether a word is so long a piece of a stamp's that it is no chance: GALISIR. */
function isPiece(word: string): boolean {
  return word.length >= PIECE && STAMP_WORDS.some((mark) => mark.includes(word));
}

/** Whether a text is of pieces of what people stamp and write across cards, or of single letters: KEPER, ALI S. */
export function isPieceOfMark(text: string): boolean {
  const words = text.toUpperCase().match(/[A-Z]{2,}/g) ?? [];
  return words.every((word) => [...MARK_WORDS, ...STAMP_WORDS].some((mark) => mark.includes(word)));
}

/** Whether a word is another with a letter or two misread, or a piece of it. */
function isNearly(word: string, mark: string): boolean {
  if (mark.includes(word)) return true;
  const edits = word.length >= LONG ? 2 : 1;
  return Math.abs(mark.length - word.length) <= edits && ocrDistance(word, mark, edits) <= edits;
}

/** What drawn cards and teaching material have across them as a part of the print. */
const OWN_MARKS: ReadonlySet<string> = new Set(['SPESIMEN', 'SPECIMEN']);
/** A slanted line of at least this many characters, or this much longer than high, is written across the card. */
const LEAST_CHARACTERS = 4;
/** Slanted text this much higher than the print is a part of the background. */
const LARGEST = 2.2;
const LEAST_CONFIDENCE = 0.5;

/** The lines of a card's page that do not belong to its print: words written across it, the words of a stamp. */
export function overlayLines(lines: readonly TextLine[]): TextLine[] {
  const frame = fitFrame(lines);
  const height = median(lines.map(lineHeight));
  return lines.filter((line) => {
    if (line.confidence < LEAST_CONFIDENCE || OWN_MARKS.has(bareText(line.text))) return false;
    const slanted =
      (frame.isSlanted(line) || frame.isSteepPiece(line)) &&
      line.characters.length >= LEAST_CHARACTERS &&
      lineHeight(line) < LARGEST * height;
    return slanted || namesPurpose(line.text);
  });
}

/** Whether a text holds a word that people write or stamp across cards. */
export function namesPurpose(text: string): boolean {
  return text
    .toUpperCase()
    .split(/[^A-Z]+/)
    .some((word) => MARK_WORDS.has(word));
}
