/** Fields that say something of many people, and nothing of one. */
const COARSE_FIELDS: ReadonlySet<string> = new Set(['jenis_kelamin', 'kewarganegaraan', 'berlaku_hingga', 'provinsi']);
/** Digits of a NIK that are shown: its serial number, which tells nothing by itself. */
const NIK_SHOWN = 4;

/**
 * A value as it may be shown to whoever did not ask for it: enough to see that something was read, and how long it is.
 * @param field name of the full shape
 */
export function maskValue(field: string, value: string): string {
  if (COARSE_FIELDS.has(field)) return value;
  if (field === 'nik') return '•'.repeat(Math.max(0, value.length - NIK_SHOWN)) + value.slice(-NIK_SHOWN);
  if (/\d/.test(value)) return value.replace(/[\p{L}\p{N}]/gu, '•');
  return value.replace(/(?<=[\p{L}\p{N}])[\p{L}\p{N}]/gu, '•');
}
