import type { FieldName } from '../../ktp/field-names.ts';
import type { KtpResult } from '../../ktp/schema.ts';

/** Values that lists know; of one that they do not know a part may be a value, too, as of free text. */
const LISTED: readonly FieldName[] = ['kel_desa', 'kecamatan', 'pekerjaan'];

/** Fields whose value no list knows. */
export function unlistedValues(fields: KtpResult['fields']): FieldName[] {
  return LISTED.filter((name) => fields[name].warnings.includes('not_in_list'));
}
