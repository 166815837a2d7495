import { FIELD_NAMES, type FieldName } from '../field-names.ts';
import type { KtpResult } from '../schema.ts';

/** When a person is to look at a card. */
export interface DoubtRules {
  /** Confidence below which a field is in doubt, 0-1. */
  readonly threshold: number;
  /** The same for single fields. */
  readonly thresholds: Readonly<Partial<Record<FieldName, number>>>;
}

/** Many cards do not show them where a reader looks: missing ones are no doubt. */
const OFTEN_ABSENT: ReadonlySet<FieldName> = new Set<FieldName>(['tempat_terbit', 'tgl_terbit']);
/** Warnings by which two fields contradict each other; other warnings, as of a NIK from elsewhere, are how people live. */
const CONTRADICTIONS: ReadonlySet<string> = new Set(['nik_sex_mismatch', 'nik_birth_date_mismatch']);

/** Whether a failed check says that one of its fields must be wrong. */
export function isContradiction({ code, level }: KtpResult['checks'][number]): boolean {
  return level === 'error' || CONTRADICTIONS.has(code);
}

/** Fields that are less sure than they should be, were not read, or contradict others; in the card's order. */
export function findDoubts({ checks, fields }: KtpResult, { threshold, thresholds }: DoubtRules): FieldName[] {
  const contradicted = new Set(checks.filter(isContradiction).flatMap((check) => check.fields));
  return FIELD_NAMES.filter((name) => {
    const { confidence, value } = fields[name];
    if (value === null && OFTEN_ABSENT.has(name)) return false;
    return confidence < (thresholds[name] ?? threshold) || contradicted.has(name);
  });
}

/** What a queue is sorted by: the confidence of the least sure of the fields in doubt, of all fields where none is. */
export function leastConfidence({ fields }: KtpResult, doubts: readonly FieldName[]): number {
  const read = FIELD_NAMES.filter((name) => fields[name].value !== null);
  return Math.min(1, ...(doubts.length > 0 ? doubts : read).map((name) => fields[name].confidence));
}
