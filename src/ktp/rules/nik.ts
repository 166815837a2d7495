import { type CalendarDate, isCalendarDate } from './dates.ts';

/** PPKKCC DDMMYY SSSS taken apart. Nothing here is looked up in a list of regions. */
export interface NikParts {
  readonly province: string;
  /** PPKK. */
  readonly regency: string;
  /** PPKKCC. */
  readonly district: string;
  readonly sex: 'male' | 'female';
  readonly day: number;
  readonly month: number;
  /** Last two digits of the year. */
  readonly shortYear: number;
  readonly serial: string;
}

/** Days of women are coded 40 higher (docs/ktp-domain.md). */
const FEMALE = 40;

/** The day that two digits of a NIK tell. */
export function dayOf(coded: number): number {
  return coded > FEMALE ? coded - FEMALE : coded;
}

/** A NIK's parts, or undefined where it is not 16 digits. The date may be impossible: see `nikBirthDate`. */
export function parseNik(nik: string): NikParts | undefined {
  if (!/^\d{16}$/.test(nik)) return undefined;
  const coded = Number(nik.slice(6, 8));
  return {
    province: nik.slice(0, 2),
    regency: nik.slice(0, 4),
    district: nik.slice(0, 6),
    sex: coded > FEMALE ? 'female' : 'male',
    day: dayOf(coded),
    month: Number(nik.slice(8, 10)),
    shortYear: Number(nik.slice(10, 12)),
    serial: nik.slice(12),
  };
}

/**
 * The birth date that a NIK tells, or undefined where no century makes it a calendar date. The century is the printed
 * year's where that year ends in the same digits; else the latest one that gives an age of 17 or more in `today`'s year.
 * 29-02-00 exists in 2000 only.
 */
export function nikBirthDate(parts: NikParts, printedYear?: number, today = new Date()): CalendarDate | undefined {
  const { day, month, shortYear } = parts;
  const candidates = [2000 + shortYear, 1900 + shortYear].map((year) => ({ year, month, day })).filter(isCalendarDate);
  const printed = candidates.find((date) => date.year === printedYear);
  if (printed) return printed;
  const adult = candidates.find((date) => isAdult(date, today));
  return adult ?? candidates.at(-1);
}

/** DDMMYY as a NIK codes a birth date. */
export function nikDateCode(date: CalendarDate, sex: 'male' | 'female'): string {
  const day = date.day + (sex === 'female' ? FEMALE : 0);
  return [day, date.month, date.year % 100].map((part) => String(part).padStart(2, '0')).join('');
}

function isAdult(date: CalendarDate, today: Date): boolean {
  const seventeenth = Date.UTC(date.year + 17, date.month - 1, date.day);
  return seventeenth <= today.getTime();
}
