import { bareText, plainText, snap } from '../rules/snap.ts';
import {
  BLOOD_GROUPS,
  LIFELONG,
  MARITAL_STATES,
  NATIONALITIES,
  OCCUPATIONS,
  RELIGIONS,
  SEXES,
} from '../rules/vocabulary.ts';
import type { Label } from './labels.ts';

/** Something like DD-MM-YYYY, whatever the separators became. */
const DATE_LIKE = /[0-9OoIlSBZ]{1,2}[-.,/: ]{0,2}[0-9OoIlSBZ]{2}[-.,/: ]{0,2}[12][0-9OoIlSBZ]{3}/;

/** Colons and what they are read as. */
const LEADING_MARKS = /^[:;.,'| ]+/;

/**
 * How well a text suits a label, -1 to 1, told by the text alone: used where the label itself could not be read. Zero
 * says nothing, one is as good as a label.
 */
export function contentScore(label: Label, text: string): number {
  const plain = plainText(text).replace(LEADING_MARKS, '');
  if (plain === '') return -0.5;
  switch (label) {
    case 'nik':
      return /\d/.test(plain) && plain.replace(/\D/g, '').length >= 12 && !/[A-Z]{4}/.test(plain) ? 1 : -1;
    case 'nama':
      return isWords(plain) ? 0.1 : -0.6;
    case 'lahir':
      return DATE_LIKE.test(plain) ? (/[A-Z]{3}/.test(plain) ? 1 : 0.3) : -0.5;
    case 'jenis_kelamin':
      return listed(sexAlone(text).replace(/\s*GOL.*$/, ''), SEXES);
    case 'gol_darah':
      return (BLOOD_GROUPS as readonly string[]).includes(plain) ? 0.8 : -0.8;
    case 'alamat':
      return /^(?:JL|JALAN|DUSUN|DSN|KP|KAMPUNG|PERUM|KOMP|GG|BLOK|LINGK|BR|RT)\b/.test(plain) ? 0.8 : 0;
    case 'rt_rw':
      return /^[0-9OIlSB]{1,3} ?[/|I1-] ?[0-9OIlSB]{1,3}$/.test(plain) ? 1 : /\d{3}/.test(plain) ? 0.2 : -0.8;
    case 'kel_desa':
    case 'kecamatan':
      return isWords(plain) ? 0.1 : -0.5;
    case 'agama':
      return listed(plain, RELIGIONS);
    case 'status_perkawinan':
      return listed(plain, MARITAL_STATES);
    case 'pekerjaan':
      return Math.max(-0.2, listed(plain, OCCUPATIONS));
    case 'kewarganegaraan':
      return Math.max(-0.3, listed(plain, NATIONALITIES));
    case 'berlaku_hingga':
      return snap(plain, [LIFELONG]) ? 1 : DATE_LIKE.test(plain) && !/[A-Z]{4}/.test(plain) ? 0.9 : -0.8;
  }
}

/**
 * A row of sex without the blood group behind it, whose label may be misread (MALE d AB, MALE 2 0): small letters, the group
 * alone, or single characters that are left of both.
 */
function sexAlone(text: string): string {
  const [sex = '', ...rest] = text.replace(LEADING_MARKS, '').split(' ');
  const isBlood =
    rest.some((word) => /^[a-z]+[.:;]?$/.test(word)) ||
    rest.every((word) => word.length === 1) ||
    (BLOOD_GROUPS as readonly string[]).includes(rest.join(''));
  return plainText(isBlood ? sex : text).replace(LEADING_MARKS, '');
}

function isWords(text: string): boolean {
  const bare = bareText(text);
  return bare.length >= 2 && bare.replace(/[^A-Z]/g, '').length >= 0.8 * bare.length;
}

function listed(text: string, entries: readonly string[]): number {
  return snap(text, entries, { share: 0.25 }) ? 1 : -0.7;
}
