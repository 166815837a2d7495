import { median } from '../../text-lines/median.ts';
import { solidGlyphs } from '../layout/value-spans.ts';
import type { CalendarDate } from '../rules/dates.ts';
import { canBeginNik } from '../rules/grammar.ts';
import { type NikParts, nikBirthDate, nikDateCode, parseNik } from '../rules/nik.ts';
import { isKnownDistrict, isKnownProvince } from '../rules/regions.ts';
import type { Fit } from '../text/fit.ts';
import { likelyTexts } from '../text/likely-texts.ts';
import { DIGITS, type NikReading } from './read-nik.ts';
import { type Reading, repairedReading } from './reading.ts';

export type Sex = 'male' | 'female';

/** What the rest of the card says of the NIK. */
export interface NikEvidence {
  /** As printed, where it could be read. */
  readonly birthDate: CalendarDate | undefined;
  readonly sex: Sex | undefined;
  /** Six-digit codes of the printed district, best first; people move, so they only tip the balance. */
  readonly districts: readonly string[];
}

/** Nats by which a repaired digit may fit worse than what was read; and by how much it must beat the next candidate. */
export const COST_PER_DIGIT = 7;
const COST_PER_LOST_DIGIT = 6;
export const LEAST_MARGIN = 2;
/** Nats that a known district code, and the printed district's own, are worth. */
const KNOWN_DISTRICT = 1.5;
const PRINTED_DISTRICT = 1.5;

/**
 * Takes the printed district's code for one that differs from it in a single digit, where the recogniser wavered
 * between the two. A clear code stays: neighbours move from district to district.
 */
export function settleDistrict(nik: NikReading, { districts }: NikEvidence): NikReading {
  const { digits, fit } = nik;
  if (!fit || digits.length !== 16 || districts.includes(digits.slice(0, 6))) return nik;
  const near = districts.filter((code) => differences(code, digits) === 1);
  const [code] = near;
  if (code === undefined || near.length > 1) return nik;
  const settled = code + digits.slice(6);
  if (fit.of(digits) - fit.of(settled) > UNCERTAINTY_COST) return nik;
  return { ...nik, digits: settled, reading: repairedReading(nik.reading, settled, 'repaired_from_kecamatan') };
}

/** Nats between two digits that the recogniser wavered between. */
const UNCERTAINTY_COST = 3;

export interface NikRepair {
  readonly nik: string;
  readonly cost: number;
  /** Digits that were changed, lost or too many. */
  readonly edits: number;
}

/**
 * The one sixteen-digit number near the reading that satisfies every rule; undefined where none or several do. Candidates
 * are those one edit away, and what a search by the NIK's grammar finds in the recogniser's probabilities.
 */
export function repairNik({ digits, fit, reading }: NikReading, witness: NikEvidence): NikRepair | undefined {
  if (!fit) return undefined;
  const { birthDate, sex } = witness;
  const expected = birthDate && sex ? nikDateCode(birthDate, sex) : undefined;
  const read = fit.of(digits);
  const ranked: Candidate[] = [];
  for (const [candidate, { edits, lost }] of candidatesNear(digits, fit, expected, gapsIn(digits, reading))) {
    const parts = parseNik(candidate);
    if (!parts || !isPlausible(parts) || !agrees(parts, witness)) continue;
    const cost = read - fit.of(candidate);
    let weight = cost;
    if (isKnownDistrict(parts.district)) weight -= KNOWN_DISTRICT;
    if (witness.districts.includes(parts.district)) weight -= PRINTED_DISTRICT;
    ranked.push({
      nik: candidate,
      cost,
      edits,
      weight,
      allowed: (lost ? COST_PER_LOST_DIGIT : COST_PER_DIGIT) * edits,
    });
  }
  ranked.sort((first, second) => first.weight - second.weight);
  const [best] = ranked;
  if (!best || best.cost > Math.min(best.allowed, 2 * COST_PER_DIGIT)) return undefined;
  const second = ranked.find(({ nik }) => nik !== best.nik && changesOtherwise(digits, best.nik, nik));
  if (second && second.weight - best.weight < LEAST_MARGIN) return undefined;
  return best;
}

interface Candidate extends NikRepair {
  /** Cost less what else speaks for it; and how many nats it may cost. */
  readonly weight: number;
  readonly allowed: number;
}

/** Whether a candidate says otherwise where the best one changes the reading. Elsewhere it is a doubt of its own. */
function changesOtherwise(digits: string, best: string, other: string): boolean {
  if (digits.length !== best.length) return true;
  return [...best].some((digit, index) => digit !== digits[index] && digit !== other[index]);
}

/**
 * How a number came from what was read: digits that were changed, lost or too many, and whether one was lost or too many.
 */
interface Change {
  readonly edits: number;
  readonly lost: boolean;
}

/**
 * Sixteen-digit numbers one edit away, or with the expected date put in its place; then those that the probabilities hold,
 * with the expected date where one is known.
 */
function candidatesNear(
  digits: string,
  { track }: Fit,
  expected: string | undefined,
  gaps: readonly number[],
): ReadonlyMap<string, Change> {
  const found = new Map<string, Change>();
  const add = (nik: string, edits: number, lost: boolean): void => {
    if (!found.has(nik)) found.set(nik, { edits, lost });
  };
  if (digits.length === 16) {
    for (let index = 0; index < 16; index += 1) {
      for (let digit = 0; digit < 10; digit += 1) {
        if (digits[index] !== String(digit)) add(digits.slice(0, index) + digit + digits.slice(index + 1), 1, false);
      }
    }
    if (expected) {
      const edits = differences(expected, digits.slice(6, 12));
      if (edits <= 2) add(digits.slice(0, 6) + expected + digits.slice(12), edits, false);
    }
  } else if (digits.length === 15) {
    for (const index of gaps) {
      for (let digit = 0; digit < 10; digit += 1) add(digits.slice(0, index) + digit + digits.slice(index), 1, true);
    }
  } else if (digits.length === 17) {
    for (let index = 0; index < 17; index += 1) add(digits.slice(0, index) + digits.slice(index + 1), 1, true);
  }
  if (!track) return found;
  const canBegin = (text: string): boolean =>
    canBeginNik(text) && (expected === undefined || expected.startsWith(text.slice(6, 12)));
  const missing = Math.abs(16 - digits.length);
  for (const { text } of likelyTexts(track.emissions, { alphabet: DIGITS, canBegin })) {
    if (text.length === 16 && text !== digits) add(text, missing || differences(text, digits), missing > 0);
  }
  return found;
}

/** In how many places a text differs from another one of its length. */
export function differences(one: string, other: string): number {
  return [...one].filter((character, index) => character !== other[index]).length;
}

/** Where a digit can have been lost: between two that stand wider apart than the others, which are evenly spaced. */
function gapsIn(digits: string, reading: Reading): number[] {
  const glyphs = solidGlyphs(reading.spans);
  if (glyphs.length !== digits.length) return [];
  const distances = glyphs.slice(1).map((glyph, index) => glyph.u - (glyphs[index]?.u ?? glyph.u));
  const pitch = median(distances);
  return distances.flatMap((distance, index) => (distance > LOST_DIGIT_PITCHES * pitch ? [index + 1] : []));
}

const LOST_DIGIT_PITCHES = 1.45;

/** Province known and a real date: what every NIK satisfies. */
export function isPlausible(parts: NikParts): boolean {
  return isKnownProvince(parts.province) && nikBirthDate(parts) !== undefined;
}

/** Whether the NIK tells the printed date and sex, as far as these were read. */
export function agrees(parts: NikParts, { birthDate, sex }: NikEvidence): boolean {
  return sameDay(parts, birthDate) && (sex === undefined || sex === parts.sex);
}

export function sameDay(parts: NikParts, printed: CalendarDate | undefined): boolean {
  if (!printed) return true;
  return parts.day === printed.day && parts.month === printed.month && parts.shortYear === printed.year % 100;
}
