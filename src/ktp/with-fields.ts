import { toCompatibleCard } from './compat.ts';
import { FIELD_NAMES, type FieldName } from './field-names.ts';
import { checkCard } from './rules/checks.ts';
import type { Field, KtpResult } from './schema.ts';

/** A reading or result with other fields, and with what follows from them. */
export function withFields<Reading extends Pick<KtpResult, 'fields' | 'checks' | 'compat'>>(
  reading: Reading,
  fields: KtpResult['fields'],
): Reading {
  return { ...reading, fields, checks: checkCard(fields), compat: toCompatibleCard(fields) };
}

/** Fields, each as `change` has it. */
export function mapFields(
  fields: KtpResult['fields'],
  change: (field: Field, name: FieldName) => Field,
): KtpResult['fields'] {
  return Object.fromEntries(FIELD_NAMES.map((name) => [name, change(fields[name], name)])) as KtpResult['fields'];
}
