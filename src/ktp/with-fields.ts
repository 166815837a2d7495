import { toCompatibleCard } from './compat.ts';
import { checkCard } from './rules/checks.ts';
import type { KtpResult } from './schema.ts';

/** A reading or result with other fields, and with what follows from them. */
export function withFields<Reading extends Pick<KtpResult, 'fields' | 'checks' | 'compat'>>(
  reading: Reading,
  fields: KtpResult['fields'],
): Reading {
  return { ...reading, fields, checks: checkCard(fields), compat: toCompatibleCard(fields) };
}
