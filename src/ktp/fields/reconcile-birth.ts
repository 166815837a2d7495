import { solidGlyphs } from '../layout/value-spans.ts';
import { type CalendarDate, isCalendarDate, parseIsoDate, toIsoDate } from '../rules/dates.ts';
import { type NikParts, nikBirthDate, parseNik } from '../rules/nik.ts';
import { type Fit, fitOf } from '../text/fit.ts';
import type { NikReading } from './read-nik.ts';
import { agreeingReading, contradictedReading, type Evidence, type Reading, repairedReading } from './reading.ts';
import {
  agrees,
  COST_PER_DIGIT,
  differences,
  isPlausible,
  LEAST_MARGIN,
  type NikEvidence,
  repairNik,
  type Sex,
  sameDay,
  settleDistrict,
} from './repair-nik.ts';

/** The facts that a card tells twice. */
export interface BirthFacts {
  readonly nik: Reading;
  readonly birthDate: Reading;
  readonly sex: Reading;
}

/**
 * Holds NIK, date of birth and sex against each other. Where they disagree and exactly one small change of one of them
 * makes all agree, and fits what was seen nearly as well, that one is changed and says so; where both could be wrong,
 * nothing is changed. A date or sex that could not be read is derived from the NIK (docs/ktp-domain.md: DD + 40 for women).
 * `districts` are the six-digit codes of the printed district.
 */
export function reconcileBirth(
  read: NikReading,
  birthDate: Reading,
  sex: Reading,
  districts: readonly string[],
): BirthFacts {
  if (read.digits === '') return { nik: read.reading, birthDate, sex };
  const witness: NikEvidence = {
    birthDate: parseIsoDate(birthDate.value ?? ''),
    sex: sexOf(sex.value),
    districts,
  };
  const nik = settleDistrict(read, witness);
  const parts = parseNik(nik.digits);
  const plausible = parts !== undefined && isPlausible(parts);
  if (plausible && agrees(parts, witness)) return confirmed(nik.reading, birthDate, sex, parts, witness);

  const nikRepair = repairNik(nik, witness);
  const dateRepair = plausible ? repairDate(birthDate, parts, witness) : undefined;
  const repaired = nikRepair && parseNik(nikRepair.nik);
  if (repaired && (!dateRepair || nikRepair.cost + LEAST_MARGIN < dateRepair.cost)) {
    const told = witness.birthDate && witness.sex ? 'repaired_from_tgl_lahir' : 'repaired';
    const mended = repairedReading(nik.reading, nikRepair.nik, told);
    // One digit that the rest of the card tells is sure; of several that were misread others may have been, too.
    const doubted: Partial<Evidence> = { agreement: 0, snapShare: DOUBT_PER_DIGIT * nikRepair.edits };
    const evidence = { ...mended.evidence, ...(nikRepair.edits > 1 ? doubted : {}) };
    return confirmed({ ...mended, evidence }, birthDate, sex, repaired, witness);
  }
  if (dateRepair && (!nikRepair || dateRepair.cost + LEAST_MARGIN < nikRepair.cost)) {
    return {
      nik: nik.reading,
      birthDate: repairedReading(birthDate, toIsoDate(dateRepair.date), 'repaired_from_nik'),
      sex: agreeingReading(sex),
    };
  }
  if (!parts) return { nik: contradictedReading(nik.reading, 'malformed'), birthDate, sex };
  if (!plausible) return { nik: contradictedReading(nik.reading, 'implausible'), birthDate, sex };
  return {
    nik: contradictedReading(nik.reading, 'conflict'),
    birthDate: sameDay(parts, witness.birthDate) ? birthDate : contradictedReading(birthDate, 'conflict'),
    sex: witness.sex === undefined || witness.sex === parts.sex ? sex : contradictedReading(sex, 'conflict'),
  };
}

const DOUBT_PER_DIGIT = 0.1;

/** What remains to be said where NIK, date and sex agree as far as they were read. */
function confirmed(nik: Reading, birthDate: Reading, sex: Reading, parts: NikParts, witness: NikEvidence): BirthFacts {
  const derivedDate = witness.birthDate ? undefined : nikBirthDate(parts, yearIn(birthDate.raw));
  return {
    nik: withUnconfirmedDigits(nik, parts, witness),
    birthDate: derivedDate ? derivedReading(birthDate, toIsoDate(derivedDate)) : agreeingReading(birthDate),
    sex: witness.sex ? agreeingReading(sex) : derivedReading(sex, parts.sex === 'female' ? 'PEREMPUAN' : 'LAKI-LAKI'),
  };
}

/** The NIK's doubt is that of the digits that nothing else on the card confirms: at least the serial number. */
function withUnconfirmedDigits(nik: Reading, parts: NikParts, { birthDate, sex, districts }: NikEvidence): Reading {
  const glyphs = solidGlyphs(nik.spans);
  if (glyphs.length !== 16 || nik.source === 'derived') return nik;
  const district = districts.includes(parts.district);
  const born = birthDate !== undefined && sex !== undefined;
  const open = glyphs.filter((_, index) => (index < 6 ? !district : index < 12 ? !born : true));
  const leastCharacter = Math.min(...open.map(({ confidence }) => confidence));
  return { ...nik, evidence: { ...nik.evidence, leastCharacter } };
}

/** The printed date with the digits that the NIK tells, where few of them differ. */
function repairDate(
  reading: Reading,
  parts: NikParts,
  { birthDate: printed, sex: printedSex }: NikEvidence,
): { date: CalendarDate; cost: number } | undefined {
  if (!printed || reading.raw === null) return undefined;
  if (printedSex !== undefined && printedSex !== parts.sex) return undefined;
  const date = { day: parts.day, month: parts.month, year: Math.floor(printed.year / 100) * 100 + parts.shortYear };
  if (!isCalendarDate(date)) return undefined;
  const from = digitsOf(printed);
  const to = digitsOf(date);
  const edits = differences(from, to);
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

/** The sex that a printed value tells, in Indonesian. */
export function sexOf(value: string | null): Sex | undefined {
  if (value === 'PEREMPUAN') return 'female';
  return value === 'LAKI-LAKI' ? 'male' : undefined;
}

/** A year of birth that can be made out in a text whose date cannot. */
function yearIn(raw: string | null): number | undefined {
  const year = /(?:^|\D)((?:19|20)\d\d)(?:\D|$)/.exec(raw ?? '')?.[1];
  return year === undefined ? undefined : Number(year);
}

function derivedReading(reading: Reading, value: string): Reading {
  return {
    ...reading,
    value,
    source: 'derived',
    warnings: [...reading.warnings, 'derived_from_nik'],
  };
}
