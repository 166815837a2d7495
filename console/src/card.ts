import type { FieldName } from '../../src/ktp/field-names.ts';
import type { ParsedKtpResult } from '../../src/ktp/schema.ts';

export type CardResult = ParsedKtpResult;
export type CardField = CardResult['fields'][FieldName];
export type Box = readonly [left: number, top: number, right: number, bottom: number];

/** Fields of digits, in which a typed digit is a digit. */
export const NUMERIC: ReadonlySet<FieldName> = new Set<FieldName>([
  'nik',
  'tgl_lahir',
  'rt',
  'rw',
  'berlaku_hingga',
  'tgl_terbit',
]);

export type Level = 'sure' | 'doubtful' | 'unsure' | 'unread' | 'reviewed';

/** How sure a field is, in words; the limits are those of docs/confidence.md. */
export function levelOf({ confidence, source, value }: CardField): Level {
  if (source === 'review') return 'reviewed';
  return value === null ? 'unread' : levelOfConfidence(confidence);
}

export function levelOfConfidence(confidence: number): 'sure' | 'doubtful' | 'unsure' {
  if (confidence >= 0.9) return 'sure';
  return confidence >= 0.6 ? 'doubtful' : 'unsure';
}
