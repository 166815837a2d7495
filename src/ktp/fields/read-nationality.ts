import type { Slot } from '../layout/slot.ts';
import { behindColon, textOf, valueSpans } from '../layout/value-spans.ts';
import { plainText } from '../rules/snap.ts';
import { NATIONALITIES } from '../rules/vocabulary.ts';
import { fitOf } from '../text/fit.ts';
import { readListed } from './read-listed.ts';
import { characterEvidence, type Reading } from './reading.ts';

const CITIZEN = 'WNI';
/** Nats by which WNI may fit worse than what was read and still be it: all but a few cards print it. */
const CITIZEN_COST = 26;
/** Longer readings are another word. */
const MOST_CHARACTERS = 7;
/** A country whose letters are all surer than this is printed, on whatever card. */
const CLEAR = 0.9;
/** Doubt of a value that the population tells more than the print, as edits a character. */
const DOUBT = 0.3;

const ENGLISH: ReadonlySet<string> = new Set([
  'MALE',
  'FEMALE',
  'SINGLE',
  'MARRIED',
  'NOT MARRIED',
  'UNMARRIED',
  'DIVORCED',
  'WIDOWED',
  'CHRISTIAN',
  'CATHOLIC',
  'MOSLEM',
  'MUSLIM',
  'BUDDHIST',
  'HINDUISM',
  'OTHERS',
]);

/** Whether a card speaks English, as only foreigners' do. */
export function isForeigners(readings: readonly Reading[]): boolean {
  return readings.some(({ raw }) => raw !== null && ENGLISH.has(plainText(raw)));
}

/**
 * WNI for nearly everybody; a country on a foreigner's card, or where it was read clearly. A blurred WNI is near some
 * country of the world at any time.
 */
export function readNationality(slot: Slot | undefined, foreign: boolean): Reading {
  const read = readListed(slot, NATIONALITIES, { closed: true, common: CITIZEN });
  if (foreign || read.raw === null || read.value === CITIZEN) return read;
  if (read.value === plainText(read.raw) && read.evidence.leastCharacter > CLEAR) return read;
  const spans = slot ? behindColon(valueSpans(slot.rows)) : [];
  const raw = textOf(spans);
  const plain = plainText(raw);
  const fit = fitOf(spans);
  if (plain.length > MOST_CHARACTERS || fit.of(plain) - fit.of(CITIZEN) > CITIZEN_COST) return read;
  const evidence = { ...characterEvidence(spans, slot?.labelQuality ?? 0), snapShare: DOUBT, listed: true };
  return { value: CITIZEN, raw, spans, source: 'ocr', warnings: ['snapped'], evidence };
}
