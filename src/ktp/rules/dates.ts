/** A calendar date as printed on a card. */
export interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

export function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** Whether the date exists in the Gregorian calendar. */
export function isCalendarDate(date: CalendarDate): boolean {
  const { year, month, day } = date;
  if (!Number.isInteger(year) || !Number.isInteger(month) || !Number.isInteger(day)) return false;
  const days = MONTH_DAYS[month - 1];
  if (days === undefined || day < 1) return false;
  return day <= (month === 2 && isLeapYear(year) ? 29 : days);
}

/** YYYY-MM-DD. */
export function toIsoDate(date: CalendarDate): string {
  return `${String(date.year).padStart(4, '0')}-${pad(date.month)}-${pad(date.day)}`;
}

/** DD-MM-YYYY, as cards print it. */
export function toPrintedDate(date: CalendarDate): string {
  return `${pad(date.day)}-${pad(date.month)}-${String(date.year).padStart(4, '0')}`;
}

/** A value as cards print it: a date DD-MM-YYYY, anything else as it is. */
export function asPrinted(value: string): string {
  const date = parseIsoDate(value);
  return date ? toPrintedDate(date) : value;
}

export function parseIsoDate(text: string): CalendarDate | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return undefined;
  const date = { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) };
  return isCalendarDate(date) ? date : undefined;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
