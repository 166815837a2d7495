import { type CalendarDate, isCalendarDate, parseIsoDate, toIsoDate } from './dates.ts';
import { type Fit, fitOf } from './fit.ts';
import { type NikParts, nikBirthDate, nikDateCode, parseNik } from './nik.ts';
import type { NikReading } from './read-nik.ts';
import type { Reading } from './reading.ts';
import { isKnownDistrict, isKnownProvince } from './regions.ts';

export type Sex = 'male' | 'female';

/** The facts that a card tells twice. */
export interface BirthFacts {
  readonly nik: Reading;
  readonly birthDate: Reading;
  readonly sex: Reading;
}

/** What the rest of the card says of the NIK. */
export interface NikWitness {
  /** Six-digit codes of the printed district, best first; people move, so they only tip the balance. */
  readonly districts: readonly string[];
}

/** Nats by which a repaired digit may fit worse than what was read; and by how much it must beat the next candidate. */
const COST_PER_DIGIT = 7;
const COST_PER_LOST_DIGIT = 9;
const LEAST_MARGIN = 2;
/** Nats that a known district code, and the printed district's own, are worth. */
const KNOWN_DISTRICT = 1.5;
const PRINTED_DISTRICT = 1.5;

/**
 * Holds NIK, date of birth and sex against each other. Where they disagree and exactly one small change of one of them
 * makes all agree, and fits what was seen nearly as well, that one is changed and says so; where both could be wrong,
 * nothing is changed. A date or sex that could not be read is derived from the NIK (KTP.md: DD + 40 for women).
 */
export function reconcileBirth(nik: NikReading, birthDate: Reading, sex: Reading, witness: NikWitness): BirthFacts {
  if (nik.digits === '') return { nik: nik.reading, birthDate, sex };
  const printed = parseIsoDate(birthDate.value ?? '');
  const printedSex = sexOf(sex.value);
  const parts = parseNik(nik.digits);
  if (parts && isPlausible(parts) && agrees(parts, printed, printedSex)) {
    return confirmed(nik, birthDate, sex, parts, printed, printedSex);
  }
  const expected = printed && printedSex ? nikDateCode(printed, printedSex) : undefined;
  const nikRepair = repairNik(nik, expected, printed, printedSex, witness);
  const dateRepair = parts && isPlausible(parts) ? repairDate(birthDate, printed, parts, printedSex) : undefined;
  if (nikRepair && (!dateRepair || nikRepair.cost + LEAST_MARGIN < dateRepair.cost)) {
    const repaired = parseNik(nikRepair.nik);
    if (repaired) {
      const reading = repairedReading(nik.reading, nikRepair.nik, expected ? 'repaired_from_tgl_lahir' : 'repaired');
      return confirmed({ ...nik, reading }, birthDate, sex, repaired, printed, printedSex);
    }
  }
  if (dateRepair && (!nikRepair || dateRepair.cost + LEAST_MARGIN < nikRepair.cost)) {
    return {
      nik: agreeing(nik.reading),
      birthDate: repairedReading(birthDate, toIsoDate(dateRepair.date), 'repaired_from_nik'),
      sex: agreeing(sex),
    };
  }
  if (!parts) return { nik: contradicted(nik.reading, 'malformed'), birthDate, sex };
  if (!isPlausible(parts)) return { nik: contradicted(nik.reading, 'implausible'), birthDate, sex };
  return {
    nik: contradicted(nik.reading, 'conflict'),
    birthDate: sameDay(parts, printed) ? birthDate : contradicted(birthDate, 'conflict'),
    sex: printedSex === undefined || printedSex === parts.sex ? sex : contradicted(sex, 'conflict'),
  };
}

/** What remains to be said where NIK, date and sex agree as far as they were read. */
function confirmed(
  nik: NikReading,
  birthDate: Reading,
  sex: Reading,
  parts: NikParts,
  printed: CalendarDate | undefined,
  printedSex: Sex | undefined,
): BirthFacts {
  const derivedDate = printed ? undefined : nikBirthDate(parts, yearIn(birthDate.raw));
  return {
    nik: printed ? agreeing(nik.reading) : nik.reading,
    birthDate: derivedDate ? derivedReading(birthDate, toIsoDate(derivedDate)) : agreeing(birthDate),
    sex: printedSex ? agreeing(sex) : derivedReading(sex, parts.sex === 'female' ? 'PEREMPUAN' : 'LAKI-LAKI'),
  };
}

interface NikRepair {
  readonly nik: string;
  readonly cost: number;
}

/** The one sixteen-digit number near the reading that satisfies every rule; undefined where none or several do. */
function repairNik(
  { digits, fit }: NikReading,
  expected: string | undefined,
  printed: CalendarDate | undefined,
  printedSex: Sex | undefined,
  witness: NikWitness,
): NikRepair | undefined {
  if (!fit) return undefined;
  const read = fit.of(digits);
  const ranked: { nik: string; cost: number; weight: number; allowed: number }[] = [];
  for (const [candidate, edits, lost] of neighbours(digits, expected).values()) {
    const parts = parseNik(candidate);
    if (!parts || !isPlausible(parts) || !agrees(parts, printed, printedSex)) continue;
    const cost = read - fit.of(candidate);
    let weight = cost;
    if (isKnownDistrict(parts.district)) weight -= KNOWN_DISTRICT;
    if (witness.districts.includes(parts.district)) weight -= PRINTED_DISTRICT;
    ranked.push({ nik: candidate, cost, weight, allowed: (lost ? COST_PER_LOST_DIGIT : COST_PER_DIGIT) * edits });
  }
  ranked.sort((first, second) => first.weight - second.weight);
  const [best, second] = ranked;
  if (!best || best.cost > Math.min(best.allowed, 2 * COST_PER_DIGIT)) return undefined;
  if (second && second.weight - best.weight < LEAST_MARGIN) return undefined;
  return best;
}

/** Sixteen-digit numbers one edit away, or with the expected date put in its place; with the number of edits. */
function neighbours(digits: string, expected: string | undefined): Map<string, [string, number, boolean]> {
  const found = new Map<string, [string, number, boolean]>();
  const add = (nik: string, edits: number, lost: boolean): void => {
    if (!found.has(nik)) found.set(nik, [nik, edits, lost]);
  };
  if (digits.length === 16) {
    for (let index = 0; index < 16; index += 1) {
      for (let digit = 0; digit < 10; digit += 1) {
        if (digits[index] !== String(digit)) add(digits.slice(0, index) + digit + digits.slice(index + 1), 1, false);
      }
    }
    if (expected) {
      const edits = [...expected].filter((digit, index) => digit !== digits[index + 6]).length;
      if (edits <= 2) add(digits.slice(0, 6) + expected + digits.slice(12), edits, false);
    }
  } else if (digits.length === 15) {
    for (let index = 0; index <= 15; index += 1) {
      for (let digit = 0; digit < 10; digit += 1) add(digits.slice(0, index) + digit + digits.slice(index), 1, true);
    }
  } else if (digits.length === 17) {
    for (let index = 0; index < 17; index += 1) add(digits.slice(0, index) + digits.slice(index + 1), 1, true);
  }
  return found;
}

/** The printed date with the digits that the NIK tells, where few of them differ. */
function repairDate(
  reading: Reading,
  printed: CalendarDate | undefined,
  parts: NikParts,
  printedSex: Sex | undefined,
): { date: CalendarDate; cost: number } | undefined {
  if (!printed || reading.raw === null) return undefined;
  if (printedSex !== undefined && printedSex !== parts.sex) return undefined;
  const date = { day: parts.day, month: parts.month, year: Math.floor(printed.year / 100) * 100 + parts.shortYear };
  if (!isCalendarDate(date)) return undefined;
  const from = digitsOf(printed);
  const to = digitsOf(date);
  const edits = [...from].filter((digit, index) => digit !== to[index]).length;
  if (edits === 0 || edits > 2) return undefined;
  const fit: Fit = fitOf(reading.spans);
  const text = reading.raw;
  let index = 0;
  const changed = text.replace(/\d/g, () => to[index++] ?? '');
  if (index !== 8) return undefined;
  const cost = fit.of(text.toUpperCase()) - fit.of(changed.toUpperCase());
  return cost > COST_PER_DIGIT * edits ? undefined : { date, cost };
}

function digitsOf({ day, month, year }: CalendarDate): string {
  return `${String(day).padStart(2, '0')}${String(month).padStart(2, '0')}${year}`;
}

/** Province known and a real date: what every NIK satisfies. */
function isPlausible(parts: NikParts): boolean {
  return isKnownProvince(parts.province) && nikBirthDate(parts) !== undefined;
}

function agrees(parts: NikParts, printed: CalendarDate | undefined, sex: Sex | undefined): boolean {
  return sameDay(parts, printed) && (sex === undefined || sex === parts.sex);
}

function sameDay(parts: NikParts, printed: CalendarDate | undefined): boolean {
  if (!printed) return true;
  return parts.day === printed.day && parts.month === printed.month && parts.shortYear === printed.year % 100;
}

export function sexOf(value: string | null): Sex | undefined {
  if (value === 'PEREMPUAN') return 'female';
  return value === 'LAKI-LAKI' ? 'male' : undefined;
}

/** A year of birth that can be made out in a text whose date cannot. */
function yearIn(raw: string | null): number | undefined {
  const year = /(?:^|\D)((?:19|20)\d\d)(?:\D|$)/.exec(raw ?? '')?.[1];
  return year === undefined ? undefined : Number(year);
}

function agreeing(reading: Reading): Reading {
  if (reading.value === null) return reading;
  return { ...reading, evidence: { ...reading.evidence, agreement: 1 } };
}

function contradicted(reading: Reading, warning: string): Reading {
  return {
    ...reading,
    warnings: [...reading.warnings, warning],
    evidence: { ...reading.evidence, agreement: -1 },
  };
}

function repairedReading(reading: Reading, value: string, warning: string): Reading {
  return {
    ...reading,
    value,
    source: 'derived',
    warnings: [...reading.warnings, warning],
    evidence: { ...reading.evidence, agreement: 1 },
  };
}

function derivedReading(reading: Reading, value: string): Reading {
  return {
    ...reading,
    value,
    source: 'derived',
    warnings: [...reading.warnings, 'derived_from_nik'],
  };
}
