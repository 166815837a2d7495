import type { TextLine } from '../text-lines/text-line.ts';
import type { FieldName } from './field-names.ts';
import type { Reading } from './fields/reading.ts';
import { findBloodLabel } from './layout/anchors.ts';
import type { CardLayout } from './layout/layout.ts';
import type { Span } from './text/spans.ts';

/** What tells a card from a letter, list or form with the same labels, as far as text tells it. */
export interface CardForm {
  /** Province and regency stand above the NIK, not behind labels. */
  readonly header: boolean;
  /** Place or date of issue stand at the right foot. */
  readonly issue: boolean;
  /** Signs of another document: labels and sentences that no card prints, each 1. */
  readonly otherSigns: number;
}

/** A header is centred: it begins this much right of the labels, as a share of the card's width. */
const HEADER_INDENT = 0.08;
/** Labels of a list begin at one edge, within this share of the card's width. */
const SAME_EDGE = 0.06;
/** A sentence: words of small letters, so many of them, that no label explains. */
const SENTENCE_LETTERS = 16;
const SENTENCE_WORDS = 4;
const MOST_SENTENCES = 2;

/** Judges a card's form by its layout. */
export function cardForm(
  lines: readonly TextLine[],
  layout: CardLayout,
  readings: Readonly<Record<FieldName, Reading>>,
): CardForm {
  const { metrics } = layout;
  const { provinsi, kabupaten_kota: regency } = readings;
  const isListed = ({ source, value, evidence }: Reading): boolean =>
    value !== null && source === 'ocr' && evidence.listed;
  const indented = (span: Span): boolean =>
    metrics === undefined || span.left - metrics.labelLeft > HEADER_INDENT * metrics.width;
  const centred = layout.header.some((span) => indented(span) && (provinsi.raw ?? '').includes(span.text));
  const atEdge = metrics
    ? layout.spans.filter((span) => Math.abs(span.left - metrics.labelLeft) < SAME_EDGE * metrics.width)
    : [];
  const bloodRow = atEdge.some((span) => findBloodLabel(span.glyphs, true)?.start === 0);
  const headerRow = atEdge.some((span) => /^(?:Provinsi|Kabupaten ?\/|Kab\.? ?\/)/.test(span.text));
  const sentences = Math.min(MOST_SENTENCES, lines.filter(isSentence).length);
  return {
    header: centred && ((isListed(provinsi) && (regency.value !== null || isListed(regency))) || isCutHeader(provinsi)),
    issue: readings.tgl_terbit.value !== null || isListed(readings.tempat_terbit),
    otherSigns: (bloodRow ? 1 : 0) + (headerRow ? 1 : 0) + sentences,
  };
}

/** Whether the picture's edge cuts off the province's name, so that no list can tell it. */
function isCutHeader({ raw, warnings }: Reading): boolean {
  return warnings.includes('cut') && (raw ?? '').toUpperCase().startsWith('PROVINSI ');
}

function isSentence({ text, confidence }: TextLine): boolean {
  const letters = text.replace(/[^a-z]/g, '').length;
  return confidence > 0.8 && letters >= SENTENCE_LETTERS && text.split(/ +/).length >= SENTENCE_WORDS;
}
