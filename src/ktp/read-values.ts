import { toIsoDate } from './dates.ts';
import { digitOf, onlyLetters } from './digits.ts';
import type { Slot } from './layout.ts';
import { findDate } from './read-date.ts';
import { characterEvidence, type Reading, textOf, unread, valueSpans } from './reading.ts';
import { plainText, snap } from './snap.ts';
import { type Span, sliceSpan } from './spans.ts';
import { canonicalValue, LIFELONG } from './vocabulary.ts';

/** A value of free text: a name, an address, a region before it is looked up. */
export function readFreeText(slot: Slot | undefined, clean: (text: string) => string = plainText): Reading {
  const spans = slot ? valueSpans(slot.rows) : [];
  const raw = textOf(spans);
  const value = clean(raw);
  if (value === '') return unread();
  const odd = value.replace(/[A-Z0-9 .,'()/:&-]/g, '').length;
  const evidence = { ...characterEvidence(spans, slot?.labelQuality ?? 0), oddCharacters: odd };
  return { value, raw, spans, source: 'ocr', warnings: value === plainText(raw) ? [] : ['normalised'], evidence };
}

/** A person's name: letters, and the marks . , ' - /. */
export function cleanName(text: string): string {
  return onlyLetters(plainText(text))
    .replace(/[:;|]/g, ' ')
    .replace(/[^A-Z .,'/()-]/g, '')
    .replace(/\s+/g, ' ')
    .replace(/^[ .,'-]+|[ ,'-]+$/g, '');
}

/** An address: leading and trailing marks off. */
export function cleanAddress(text: string): string {
  return plainText(text)
    .replace(/;/g, ':')
    .replace(/^[ .,':;-]+(?=.)|[ ,':;]+$/g, '')
    .replace(/\s+/g, ' ');
}

/** Name of a region or place. */
export function cleanPlace(text: string): string {
  return onlyLettersOfWords(plainText(text))
    .replace(/[:;|]/g, ' ')
    .replace(/[^A-Z0-9 .,'/()-]/g, '')
    .replace(/\s+/g, ' ')
    .replace(/^[ .,'/-]+|[ .,'/-]+$/g, '');
}

/** Digits stay where they stand alone ("2 X 11 KAYU TANAM"), not inside a word. */
function onlyLettersOfWords(text: string): string {
  return text.replace(/\S+/g, (word) => (/[A-Z]{2}/.test(word) ? onlyLetters(word) : word));
}

/** A value out of a closed list; a reading near no entry stays as it is. */
export function readListed(slot: Slot | undefined, entries: readonly string[]): Reading {
  const spans = slot ? valueSpans(slot.rows) : [];
  const raw = textOf(spans);
  if (raw === '') return unread();
  const evidence = characterEvidence(spans, slot?.labelQuality ?? 0);
  const found = snap(raw, entries);
  if (!found) {
    return { value: plainText(raw), raw, spans, source: 'ocr', warnings: ['not_in_list'], evidence };
  }
  const snapShare = found.distance / Math.max(1, found.value.length);
  const warnings = found.distance > 0 ? ['snapped'] : [];
  const value = canonicalValue(found.value);
  return { value, raw, spans, source: 'ocr', warnings, evidence: { ...evidence, snapShare, listed: true } };
}

/** Place and date of birth out of one value. */
export function readBirth(slot: Slot | undefined): { place: Reading; date: Reading } {
  const spans = slot ? valueSpans(slot.rows) : [];
  const raw = textOf(spans);
  if (raw === '') return { place: unread(), date: unread() };
  const quality = slot?.labelQuality ?? 0;
  const found = findDate(raw);
  const [placeSpans, dateSpans] = found ? cutAt(spans, found.start) : [spans, []];
  const placeRaw = textOf(placeSpans);
  const value = cleanPlace(placeRaw);
  const place: Reading =
    value === ''
      ? unread()
      : {
          value,
          raw: placeRaw,
          spans: placeSpans,
          source: 'ocr',
          warnings: [],
          evidence: characterEvidence(placeSpans, quality),
        };
  if (!found) return { place, date: { ...unread('malformed'), raw, spans } };
  const evidence = { ...characterEvidence(dateSpans, quality), listed: true, oddCharacters: found.mended };
  const warnings = found.mended > 0 ? ['normalised'] : [];
  return {
    place,
    date: { value: toIsoDate(found.date), raw: textOf(dateSpans), spans: dateSpans, source: 'ocr', warnings, evidence },
  };
}

/** A date on its own: date of issue, date of expiry. */
export function readDate(spans: readonly Span[], labelQuality: number): Reading {
  const raw = textOf(spans);
  const found = findDate(raw);
  if (!found) return unread();
  const evidence = { ...characterEvidence(spans, labelQuality), listed: true, oddCharacters: found.mended };
  return {
    value: toIsoDate(found.date),
    raw,
    spans,
    source: 'ocr',
    warnings: found.mended > 0 ? ['normalised'] : [],
    evidence,
  };
}

/** SEUMUR HIDUP or a date. */
export function readValidity(slot: Slot | undefined): Reading {
  const spans = slot ? valueSpans(slot.rows) : [];
  const quality = slot?.labelQuality ?? 0;
  const lifelong = readListed(slot, [LIFELONG]);
  if (lifelong.value === LIFELONG) return lifelong;
  const date = readDate(spans, quality);
  return date.value === null ? lifelong : date;
}

/** RT and RW: two numbers of up to three digits, the slash possibly lost or misread. */
export function readNeighbourhood(slot: Slot | undefined): { rt: Reading; rw: Reading } {
  const spans = slot ? valueSpans(slot.rows) : [];
  const raw = textOf(spans);
  if (raw === '') return { rt: unread(), rw: unread() };
  const evidence = characterEvidence(spans, slot?.labelQuality ?? 0);
  const parts = splitNeighbourhood(raw);
  if (!parts) return { rt: { ...unread('malformed'), raw, spans }, rw: { ...unread('malformed'), raw, spans } };
  const reading = (value: string): Reading => ({
    value: value.padStart(3, '0'),
    raw,
    spans,
    source: 'ocr',
    warnings: parts.mended ? ['normalised'] : [],
    evidence: { ...evidence, listed: value.length === 3, oddCharacters: parts.mended ? 1 : 0 },
  });
  return { rt: reading(parts.rt), rw: reading(parts.rw) };
}

function splitNeighbourhood(raw: string): { rt: string; rw: string; mended: boolean } | undefined {
  const compact = raw.replace(/[\s.,:;']/g, '');
  const halves = compact.split(/[/\\|-]+/).filter((half) => half !== '');
  const digits = halves.map((half) => [...half].map((character) => digitOf(character) ?? 'x').join(''));
  const [rt, rw] = digits;
  if (rt !== undefined && rw !== undefined && digits.length === 2 && /^\d{1,3}$/.test(rt) && /^\d{1,3}$/.test(rw)) {
    return { rt, rw, mended: !/^\d{3}\/\d{3}$/.test(compact) };
  }
  // The slash was lost (six digits) or read as a digit (seven, with a 1 or 7 in the middle).
  const [whole] = digits;
  if (digits.length !== 1 || whole === undefined) return undefined;
  if (/^\d{6}$/.test(whole)) return { rt: whole.slice(0, 3), rw: whole.slice(3), mended: true };
  if (/^\d{3}[17]\d{3}$/.test(whole)) return { rt: whole.slice(0, 3), rw: whole.slice(4), mended: true };
  return undefined;
}

/** Cuts spans where the character of that index of their joined text begins. */
function cutAt(spans: readonly Span[], index: number): [Span[], Span[]] {
  const before: Span[] = [];
  const after: Span[] = [];
  let offset = 0;
  for (const span of spans) {
    const cut = index - offset;
    const head = cut > 0 ? sliceSpan(span, 0, Math.min(cut, span.glyphs.length)) : undefined;
    const tail = cut < span.glyphs.length ? sliceSpan(span, Math.max(0, cut)) : undefined;
    if (head) before.push(head);
    if (tail) after.push(tail);
    offset += span.glyphs.length + 1;
  }
  return [before, after];
}
