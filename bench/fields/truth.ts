import type { FieldName } from '../../src/ktp/field-names.ts';
import type { Truth } from '../../tools/make-cards/truth.ts';

/** Whether a value is the field's value or its printed spelling; a hidden field may also be null. */
export function isRight(truth: Truth, name: FieldName, value: string | null): boolean {
  if (value === null) return truth.fields[name] === null || truth.hidden.includes(name);
  const plain = value.toUpperCase().replace(/\s+/g, ' ').trim();
  return plain === truth.fields[name] || plain === truth.printed[name];
}
