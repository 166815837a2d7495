import type { FieldName } from '../field-names.ts';
import type { Check, Field } from '../schema.ts';
import { isCalendarDate, parseIsoDate } from './dates.ts';
import { nikBirthDate, parseNik } from './nik.ts';
import { isKnownDistrict, isKnownProvince, regencies } from './regions.ts';

/** The rules of the NIK and of what it shares with other fields. Messages name the rule, never a value. */
export function checkCard(fields: Readonly<Record<FieldName, Field>>): Check[] {
  const { value: nik, warnings } = fields.nik;
  if (nik === null && !warnings.includes('malformed')) return [];
  const parts = parseNik(nik ?? '');
  if (!parts) return [check('nik_malformed', 'error', ['nik'], 'The NIK does not have 16 digits.')];
  const checks: Check[] = [];
  const printedBirth = parseIsoDate(fields.tgl_lahir.value ?? '');
  const birth = nikBirthDate(parts, printedBirth?.year);
  if (!birth || !isCalendarDate(birth)) {
    checks.push(check('nik_date_invalid', 'error', ['nik'], 'Digits 7 to 12 of the NIK are no date of birth.'));
  }
  if (!isKnownProvince(parts.province)) {
    checks.push(check('nik_province_unknown', 'error', ['nik'], 'The first two digits of the NIK name no province.'));
  } else if (!isKnownDistrict(parts.district)) {
    const message = 'The first six digits of the NIK name no current district; codes of former districts stay valid.';
    checks.push(check('nik_district_unknown', 'warning', ['nik'], message));
  }
  if (parts.serial === '0000') {
    checks.push(check('nik_serial_zero', 'warning', ['nik'], 'The serial number of the NIK is 0000, as on specimens.'));
  }
  const sex = fields.jenis_kelamin.value;
  if (
    sex !== null &&
    (sex === 'PEREMPUAN') !== (parts.sex === 'female') &&
    (sex === 'PEREMPUAN' || sex === 'LAKI-LAKI')
  ) {
    checks.push(
      check(
        'nik_sex_mismatch',
        'warning',
        ['nik', 'jenis_kelamin'],
        'The NIK encodes a different sex from the one printed.',
      ),
    );
  }
  if (
    printedBirth &&
    birth &&
    (birth.day !== printedBirth.day ||
      birth.month !== printedBirth.month ||
      birth.year % 100 !== printedBirth.year % 100)
  ) {
    const message = 'The NIK tells another date of birth than the card.';
    checks.push(check('nik_birth_date_mismatch', 'warning', ['nik', 'tgl_lahir'], message));
  }
  const printedRegencies = regencies().filter(({ name }) => name === fields.kabupaten_kota.value);
  if (printedRegencies.length > 0 && !printedRegencies.some(({ code }) => code === parts.regency)) {
    const message = 'The NIK was first issued in another regency than the card names; people move.';
    checks.push(check('nik_region_mismatch', 'info', ['nik', 'provinsi', 'kabupaten_kota'], message));
  }
  return checks;
}

function check(code: string, level: Check['level'], fields: string[], message: string): Check {
  return { code, level, fields, message };
}
