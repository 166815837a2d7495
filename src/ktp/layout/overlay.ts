import type { TextLine } from '../../text-lines/text-line.ts';
import { ocrDistance } from '../rules/edit-distance.ts';
import { bareText } from '../rules/snap.ts';
import { fitFrame, lineHeight } from '../text/frame.ts';
import { median } from './anchors.ts';

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

/** Other words of stamps. */
const STAMP_WORDS: readonly string[] = [...MARK_WORDS, 'DENGAN', 'TELAH'];
/** Words of at least this many letters tell a stamp, the shorter ones only go with them; edits allowed in each. */
const LONG_WORD = 6;
const EDITS = { long: 2, short: 1 } as const;

/** Whether all words of a line are those of a stamp, some letters of which may be misread: no part of any value. */
export function isStampText(text: string): boolean {
  const words = text.toUpperCase().match(/[A-Z]{4,}/g) ?? [];
  return (
    words.some((word) => word.length >= LONG_WORD) &&
    words.every((word) => {
      const edits = word.length >= LONG_WORD ? EDITS.long : EDITS.short;
      return STAMP_WORDS.some(
        (mark) => Math.abs(mark.length - word.length) <= edits && ocrDistance(word, mark, edits) <= edits,
      );
    })
  );
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
      frame.isSlanted(line) && line.characters.length >= LEAST_CHARACTERS && lineHeight(line) < LARGEST * height;
    return (
      slanted ||
      line.text
        .toUpperCase()
        .split(/[^A-Z]+/)
        .some((word) => MARK_WORDS.has(word))
    );
  });
}
