import type { Warning } from '../ktp/warnings.ts';

const EXPLANATIONS: Readonly<Record<Warning, string>> = {
  normalised: 'Look-alike characters, separators or blanks were folded to the form of the field.',
  snapped: 'The nearest allowed value or region was taken for a misread one.',
  completed: 'Only a part could be read; it belongs to one allowed value alone.',
  not_in_list: 'It is not among the known values or regions, and was kept as read.',
  incomplete: 'Too little could be read to tell the value.',
  malformed: 'What was read does not have the form of the field.',
  implausible: 'The NIK holds an impossible date or an unknown province.',
  conflict: 'NIK, date of birth and sex contradict each other, and nothing tells which is wrong.',
  gap: 'A stretch of the value seems to be missing.',
  cut: 'The value ends where something cuts the card off.',
  repaired: 'Digits were changed so that all rules of the field hold.',
  repaired_from_nik: 'Digits were changed to what the NIK tells.',
  repaired_from_tgl_lahir: 'Digits were changed to what the date of birth tells.',
  repaired_from_kecamatan: 'Digits were changed to what the district tells.',
  derived_from_nik: 'It was not read, but follows from the NIK.',
  derived_from_kabupaten_kota: 'It was not read, but follows from the regency or city.',
  derived_from_kecamatan: 'It was not read, but follows from the district.',
  derived_from_kel_desa: 'It was not read, but follows from the village.',
  derived_from_blank: 'Nothing was found behind its label.',
};

/** What a warning's code means, as a sentence; the code itself where a newer server knows more than this program. */
export function explainWarning(code: string): string {
  return code in EXPLANATIONS ? EXPLANATIONS[code as Warning] : code;
}
