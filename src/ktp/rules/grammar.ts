import { isCalendarDate } from './dates.ts';
import { dayOf } from './nik.ts';
import { isKnownProvince, provinces } from './regions.ts';

/** Whether digits can be the beginning of a NIK: a province's code, a district's, DDMMYY of a real day, a serial. */
export function canBeginNik(digits: string): boolean {
  if (digits.length > 16) return false;
  if (digits.length === 1) return provinceStarts().has(digits);
  if (digits.length === 2) return isKnownProvince(digits);
  if (digits.length < 7) return true;
  const coded = digits.slice(6, 12);
  if (coded.length === 1) return coded < '8';
  const day = dayOf(Number(coded.slice(0, 2)));
  return canBeginDay(String(day).padStart(2, '0') + coded.slice(2));
}

/** Whether a text can be the beginning of a printed date: DD-MM-YYYY of 1900 to 2099, by its digits alone. */
export function canBeginDate(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  if (digits.length > 8) return false;
  if (!canBeginDay(digits)) return false;
  const year = digits.slice(4);
  return '19'.startsWith(year.slice(0, 2)) || '20'.startsWith(year.slice(0, 2));
}

/** Whether digits can begin DDMM, whatever follows. */
function canBeginDay(digits: string): boolean {
  if (digits.length === 0) return true;
  if (digits.length === 1) return digits < '4';
  const day = Number(digits.slice(0, 2));
  if (digits.length === 2) return day >= 1 && day <= 31;
  if (digits.length === 3) return digits.slice(2) < '2' && day >= 1;
  // A leap year, as long as the year is not known.
  return isCalendarDate({ day, month: Number(digits.slice(2, 4)), year: 2000 });
}

let starts: ReadonlySet<string> | undefined;

function provinceStarts(): ReadonlySet<string> {
  starts ??= new Set(provinces().map(({ code }) => code.slice(0, 1)));
  return starts;
}
