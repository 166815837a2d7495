import { textOf } from '../layout/value-spans.ts';
import { type CalendarDate, isCalendarDate, toIsoDate } from '../rules/dates.ts';
import { digitOf } from '../rules/digits.ts';
import { canBeginDate } from '../rules/grammar.ts';
import { type EmissionTrack, trackOf } from '../text/emission-track.ts';
import { likelyTexts } from '../text/likely-texts.ts';
import type { Span } from '../text/spans.ts';
import type { Warning } from '../warnings.ts';
import { characterEvidence, type Reading, unread } from './reading.ts';

/**
 * The date in spans that hold little else: in their text, or else decoded again with the characters of a date only, or
 * else the likeliest that the recogniser's probabilities hold. Null with its `raw` where there is none. `isToldTwice`: the
 * card tells it elsewhere, which is worth more than such a search.
 */
export function readDate(spans: readonly Span[], labelQuality: number, isToldTwice = false): Reading {
  const raw = textOf(spans);
  if (raw === '') return unread();
  const found = findDate(raw) ?? decodedDate(spans, raw, isToldTwice);
  if (!found) return { ...unread('malformed'), raw, spans };
  const evidence = { ...characterEvidence(spans, labelQuality), oddCharacters: found.corrected };
  const warnings: Warning[] = found.corrected > 0 ? ['normalised'] : [];
  return { value: toIsoDate(found.date), raw, spans, source: 'ocr', warnings, evidence };
}

/** Whether a text holds enough digits, and little else, to be a date that was misread: 31-06.2021. */
export function isNearlyDate(text: string): boolean {
  return digitsIn(text) >= LEAST_DIGITS && text.length <= MOST_CHARACTERS;
}

function digitsIn(text: string): number {
  return text.replace(/\D/g, '').length;
}

function decodedDate(spans: readonly Span[], raw: string, isToldTwice: boolean): FoundDate | undefined {
  const track = trackOf(spans);
  if (!isNearlyDate(raw) || !track) return undefined;
  const found = findDate(track.decode(DATE_CHARACTERS).text) ?? (isToldTwice ? undefined : likeliestDate(track));
  return found && { ...found, corrected: Math.max(1, 8 - digitsIn(raw)) };
}

function likeliestDate({ emissions }: EmissionTrack): FoundDate | undefined {
  const texts = likelyTexts(emissions, { alphabet: DATE_CHARACTERS, canBegin: canBeginDate });
  return texts.map(({ text }) => findDate(text)).find((date) => date !== undefined);
}

export const DATE_CHARACTERS: ReadonlySet<string> = new Set('0123456789-./ ');
/** Fewer digits than this in the text, or more characters, and what is decoded again is no date. */
const LEAST_DIGITS = 5;
const MOST_CHARACTERS = 14;

/** A date found in a text. */
export interface FoundDate {
  readonly date: CalendarDate;
  readonly start: number;
  readonly end: number;
  /** How many characters were no digits or separators but were taken for some. */
  readonly corrected: number;
}

const SEPARATORS = "-./, :_~'=+";

/**
 * Finds the last DD-MM-YYYY in a text: separators of any kind, doubled or lost; characters that look like digits
 * taken for them where the whole then is a calendar date of 1900 to 2099.
 */
export function findDate(text: string): FoundDate | undefined {
  let best: FoundDate | undefined;
  for (let start = text.length - 1; start >= 0; start -= 1) {
    const found = dateAt(text, start);
    if (!found) continue;
    if (
      !best ||
      found.corrected < best.corrected ||
      (found.corrected === best.corrected && found.start < best.start && found.end >= best.end)
    ) {
      best = found;
    }
  }
  return best;
}

function dateAt(text: string, start: number): FoundDate | undefined {
  const before = text[start - 1];
  if (before !== undefined && before >= '0' && before <= '9') return undefined;
  let index = start;
  let corrected = 0;
  const take = (count: number): number | undefined => {
    let digits = '';
    while (digits.length < count) {
      const character = text[index];
      const digit = character === undefined ? undefined : digitOf(character);
      if (digit === undefined || character === undefined) return undefined;
      if (character !== digit) corrected += 1;
      digits += digit;
      index += 1;
    }
    return Number(digits);
  };
  const skip = (): number => {
    const from = index;
    while (index - from < 3 && SEPARATORS.includes(text[index] ?? '\n')) index += 1;
    return index - from;
  };
  const day = take(2);
  if (day === undefined) return undefined;
  const first = skip();
  const month = take(2);
  if (month === undefined) return undefined;
  const second = skip();
  const year = take(4);
  if (year === undefined) return undefined;
  const after = text[index];
  if (after !== undefined && after >= '0' && after <= '9') return undefined;
  // Letters alone are no date: "BOIS..." would be one.
  if (corrected > (first > 0 && second > 0 ? 4 : 1)) return undefined;
  const date = { year, month, day };
  if (year < 1900 || year > 2099 || !isCalendarDate(date)) return undefined;
  return { date, start, end: index, corrected };
}
