import type { FieldName } from '../../../src/ktp/field-names.ts';
import { isCalendarDate, toIsoDate } from '../../../src/ktp/rules/dates.ts';
import { nikBirthDate, parseNik } from '../../../src/ktp/rules/nik.ts';
import type { Texts } from '../texts-en.ts';

export interface NikHint {
  readonly text: string;
  readonly isRight: boolean;
}

const PRINTED_DATE = /^(\d{1,2})[-./ ](\d{1,2})[-./ ](\d{4})$/;

/** What a NIK tells, held against what is typed beside it, at each key stroke; the server checks it all again. */
export function nikHints(textOf: (name: FieldName) => string, { nik: texts }: Texts): NikHint[] {
  const nik = textOf('nik').replace(/[\s.-]/g, '');
  if (nik === '') return [];
  const parts = parseNik(nik);
  if (!parts) return [{ text: texts.digits(nik.replace(/\D/g, '').length), isRight: false }];
  const hints: NikHint[] = [{ text: texts.complete, isRight: true }];
  const printed = textOf('tgl_lahir').trim();
  const typed = PRINTED_DATE.exec(printed);
  const date = typed ? [typed[3], typed[2]?.padStart(2, '0'), typed[1]?.padStart(2, '0')].join('-') : printed;
  const birth = nikBirthDate(parts, Number(date.slice(0, 4)) || undefined);
  if (!birth || !isCalendarDate(birth)) return [...hints, { text: texts.noDate, isRight: false }];
  const told = toIsoDate(birth);
  const verdict = (fits: boolean) => (fits ? texts.fits : texts.differs);
  if (date !== '') hints.push({ text: `${texts.born(told)} – ${verdict(told === date)}`, isRight: told === date });
  const sex = textOf('jenis_kelamin').trim().toUpperCase();
  const isFemale = parts.sex === 'female';
  if (sex !== '') {
    const isRight = (sex === 'PEREMPUAN' || sex === 'FEMALE') === isFemale;
    hints.push({ text: `${texts.sex(isFemale)} – ${verdict(isRight)}`, isRight });
  }
  return hints;
}
