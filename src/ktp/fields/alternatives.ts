import type { FieldName } from '../field-names.ts';
import { checkValue } from '../rules/check-value.ts';
import type { Alternative, Field } from '../schema.ts';

const MOST = 3;
/** What was read before it was held against lists and rules takes this share of the doubt. */
const RAW_SHARE = 0.6;
const LEAST = 0.01;
/** Warnings that say that `value` is not what was read, but what it must have been. */
const CHANGED: ReadonlySet<string> = new Set([
  'snapped',
  'repaired',
  'repaired_from_nik',
  'repaired_from_tgl_lahir',
  'repaired_from_kecamatan',
]);

/** A field with what was read of it as its rival, where a list or a rule changed that and it can be the field's value. */
export function withRawAlternative(name: FieldName, field: Field): Field {
  const { value, raw, warnings, confidence } = field;
  if (value === null || raw === null || !warnings.some((warning) => CHANGED.has(warning))) return field;
  const read = checkValue(name, raw);
  if (read.problem !== null || read.value === value) return field;
  return withAlternatives(field, [{ value: read.value, confidence: RAW_SHARE * (1 - confidence) }]);
}

/** A field of whose value a part is missing: nothing is answered. What was read stays in `raw`, and as an alternative. */
export function takeBack(field: Field): Field {
  const { confidence, value } = field;
  if (value === null) return field;
  return withAlternatives({ ...field, value: null, confidence: 0, warnings: withCut(field) }, [{ value, confidence }]);
}

/** The warnings of a field, and that it was cut. */
export function withCut({ warnings }: Field): Field['warnings'] {
  return [...new Set([...warnings, 'cut' as const])];
}

/** A field with more rivals: equal ones once, the likeliest first, all with the field's own confidence at most 1. */
export function withAlternatives(field: Field, more: readonly Alternative[]): Field {
  const known = new Map<string, number>();
  for (const { value, confidence } of [...(field.alternatives ?? []), ...more]) {
    if (value !== field.value) known.set(value, Math.max(known.get(value) ?? 0, confidence));
  }
  const ranked = [...known].map(([value, confidence]) => ({ value, confidence }));
  ranked.sort((first, second) => second.confidence - first.confidence);
  const kept = ranked.slice(0, MOST);
  const sum = kept.reduce((total, { confidence }) => total + confidence, 0);
  const room = Math.max(0, 1 - field.confidence);
  const scale = sum > room ? room / sum : 1;
  const alternatives = kept
    .map(({ value, confidence }) => ({ value, confidence: Math.floor(1000 * confidence * scale) / 1000 }))
    .filter(({ confidence }) => confidence >= LEAST);
  const { alternatives: _, ...rest } = field;
  return alternatives.length > 0 ? { ...rest, alternatives } : rest;
}
