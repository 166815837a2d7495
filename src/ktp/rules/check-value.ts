import type { FieldName } from '../field-names.ts';
import { isCalendarDate, parseIsoDate, toIsoDate } from './dates.ts';
import { nikBirthDate, parseNik } from './nik.ts';
import { isKnownProvince, provinces, regencies } from './regions.ts';
import { BLOOD_GROUPS, canonicalValue, LIFELONG, MARITAL_STATES, RELIGIONS, SEXES } from './vocabulary.ts';

/**
 * What a person typed or OCR read, in the form that the field has; and which rule of the field it breaks, null where none.
 */
export interface CheckedValue {
  readonly value: string;
  /** Names the rule, never the value. */
  readonly problem: string | null;
}

const MAX_LENGTH = 100;
/** A form of the older cards, and how people type dates. */
const PRINTED_DATE = /^(\d{1,2})[-./ ](\d{1,2})[-./ ](\d{4})$/;
/** Letters, digits and what addresses and names are written with. Nothing that only looks like text. */
const PLAIN_TEXT = /^[\p{L}\p{M}\p{N} .,'’`/()&:;#+\-"]+$/u;

/** Holds a person's correction, what was read, or a rival of it against the rules of its field. Never throws. */
export function checkValue(name: FieldName, typed: string): CheckedValue {
  const text = typed.toUpperCase().normalize('NFC').trim().replace(/\s+/gu, ' ');
  const judge = JUDGES[name] ?? plainText;
  if (text === '') return { value: text, problem: 'It is empty; null says that there is nothing.' };
  return judge(text);
}

type Judge = (text: string) => CheckedValue;

const sound = (value: string): CheckedValue => ({ value, problem: null });
const broken = (value: string, problem: string): CheckedValue => ({ value, problem });

function plainText(text: string): CheckedValue {
  if (text.length > MAX_LENGTH) return broken(text, `It is longer than ${MAX_LENGTH} characters.`);
  return PLAIN_TEXT.test(text) ? sound(text) : broken(text, 'It has characters that cards do not print.');
}

function nik(text: string): CheckedValue {
  const digits = text.replace(/[\s.-]/g, '');
  const parts = parseNik(digits);
  if (!parts) return broken(digits, 'A NIK has 16 digits.');
  const birth = nikBirthDate(parts);
  if (!birth || !isCalendarDate(birth)) return broken(digits, 'Digits 7 to 12 of a NIK are a date of birth.');
  if (!isKnownProvince(parts.province)) return broken(digits, 'The first two digits of a NIK name a province.');
  return sound(digits);
}

function date(text: string): CheckedValue {
  const printed = PRINTED_DATE.exec(text);
  const parts = printed && { day: Number(printed[1]), month: Number(printed[2]), year: Number(printed[3]) };
  const value = parts && isCalendarDate(parts) ? toIsoDate(parts) : text;
  return parseIsoDate(value) ? sound(value) : broken(value, 'A date is written YYYY-MM-DD and exists.');
}

function pastDate(text: string): CheckedValue {
  const checked = date(text);
  if (checked.problem !== null || checked.value <= new Date().toISOString().slice(0, 10)) return checked;
  return broken(checked.value, 'The date lies in the future.');
}

function listed(entries: readonly string[], problem: string): Judge {
  return (text) => (entries.includes(text) ? sound(canonicalValue(text)) : broken(text, problem));
}

function neighbourhood(text: string): CheckedValue {
  if (!/^\d{1,3}$/.test(text)) return broken(text, 'It has three digits.');
  return sound(text.padStart(3, '0'));
}

function region(regions: () => readonly { readonly name: string }[], problem: string): Judge {
  let names: ReadonlySet<string> | undefined;
  return (text) => {
    names ??= new Set(regions().map(({ name }) => name));
    return names.has(text) ? sound(text) : broken(text, problem);
  };
}

const JUDGES: Readonly<Partial<Record<FieldName, Judge>>> = {
  nik,
  tgl_lahir: pastDate,
  tgl_terbit: pastDate,
  berlaku_hingga: (text) => (text === LIFELONG ? sound(text) : date(text)),
  jenis_kelamin: listed(SEXES, 'It is LAKI-LAKI or PEREMPUAN.'),
  gol_darah: listed(BLOOD_GROUPS, 'It is A, B, AB or O, with + or -, or a dash.'),
  agama: listed(RELIGIONS, 'It is none of the religions that cards print.'),
  status_perkawinan: listed(MARITAL_STATES, 'It is none of the marital states that cards print.'),
  rt: neighbourhood,
  rw: neighbourhood,
  provinsi: region(provinces, 'There is no province of this name.'),
  kabupaten_kota: region(regencies, 'There is no regency or city of this name.'),
};
