import { z } from 'zod';
import { roundShare, worthOf } from './calibration-points.ts';
import type { FieldName } from './field-names.ts';
import { FREE } from './fields/confidence.ts';
import type { Field, KtpResult } from './schema.ts';
import { UNSURE_AT_MOST } from './sure.ts';
import { mapFields } from './with-fields.ts';

/**
 * Groups of values whose confidences are measured together: lists, dates and numbers; names, addresses and places; what
 * was not read but derived. By field and source alone, since nothing else is left of a value that was confirmed.
 */
export const VALUE_GROUPS = ['formed', 'free', 'derived'] as const;
export type ValueGroup = (typeof VALUE_GROUPS)[number];

const share = z.number().min(0).max(1);
const pointSchema = z.tuple([share, share]);

/** Pairs of what is said and what it is worth; between two the line is straight, beyond the last it is level. */
const pointsSchema = z
  .array(pointSchema)
  .min(2)
  .max(200)
  .refine((points) => points.every(([said, worth], index) => rises(points[index - 1], said, worth)), {
    message: 'pairs must rise in both columns',
  });

export const confidenceTableSchema = z.strictObject({
  formed: pointsSchema.optional(),
  free: pointsSchema.optional(),
  derived: pointsSchema.optional(),
});
/** What a confidence is worth on an operator's own cards; a group that is missing stays as it is built in. */
export type ConfidenceTable = z.infer<typeof confidenceTableSchema>;

/** What was derived stays below what counts as sure, however well it did. */
const DERIVED_AT_MOST = UNSURE_AT_MOST;

export function valueGroup(name: FieldName, source: string): ValueGroup {
  if (source === 'derived') return 'derived';
  return FREE.has(name) ? 'free' : 'formed';
}

/** A result whose confidences are those that the table, if there is one, gives for them; nothing else of it changes. */
export function withConfidenceTable(result: KtpResult, table: ConfidenceTable | undefined): KtpResult {
  if (table === undefined) return result;
  const fields = mapFields(result.fields, (field, name) => calibrated(field, table[valueGroup(name, field.source)]));
  return { ...result, fields };
}

function calibrated(field: Field, points: z.infer<typeof pointsSchema> | undefined): Field {
  const { alternatives, confidence: said, source, value } = field;
  if (value === null || points === undefined) return field;
  const worth = worthOf(points, said);
  const confidence = roundShare(source === 'derived' ? Math.min(DERIVED_AT_MOST, worth) : worth);
  // What the value loses or gains, its rivals share; none overtakes it.
  const rest = said < 1 ? (1 - confidence) / (1 - said) : 1;
  return {
    ...field,
    confidence,
    ...(alternatives && {
      alternatives: alternatives.map((rival) => ({
        ...rival,
        confidence: roundShare(Math.min(confidence, rival.confidence * rest)),
      })),
    }),
  };
}

function rises(before: readonly [number, number] | undefined, said: number, worth: number): boolean {
  return before === undefined || (said > before[0] && worth >= before[1]);
}
