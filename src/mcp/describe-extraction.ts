import { z } from 'zod';
import type { FieldName } from '../ktp/field-names.ts';
import { maskValue } from '../ktp/mask-value.ts';
import { explainWarning } from './explain-warning.ts';

const fieldSchema = z.looseObject({
  value: z.string().nullable(),
  raw: z.string().nullable(),
  confidence: z.number(),
  source: z.string(),
  warnings: z.array(z.string()),
  alternatives: z.array(z.object({ value: z.string(), confidence: z.number() })).optional(),
});

const jobSchema = z.looseObject({
  id: z.string(),
  status: z.string(),
  error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
  result: z
    .looseObject({
      fields: z.record(z.string(), fieldSchema),
      checks: z.array(z.looseObject({ code: z.string(), fields: z.array(z.string()), message: z.string() })),
      quality: z.looseObject({ flags: z.array(z.string()) }),
    })
    .nullable(),
});

const show = (name: string, value: string | null, reveal: boolean) =>
  value === null || reveal ? value : maskValue(name, value);

/** A job as a tool answers it: each field's value (masked unless `reveal`), confidence and warnings. */
export function summarizeJob(body: unknown, reveal: boolean): Record<string, unknown> {
  const { error, id, result, status } = jobSchema.parse(body);
  if (!result) return { id, status, error };
  const fields = Object.entries(result.fields).map(([name, { confidence, value, warnings }]) => [
    name,
    { value: show(name, value, reveal), confidence, ...(warnings.length > 0 && { warnings }) },
  ]);
  return {
    id,
    status,
    masked: !reveal,
    fields: Object.fromEntries(fields),
    checks: result.checks,
    quality: result.quality,
  };
}

/** Why a field has its value; null where there is no result. */
export function explainField(body: unknown, name: FieldName, reveal: boolean): Record<string, unknown> | null {
  const { id, result } = jobSchema.parse(body);
  const field = result?.fields[name];
  if (!result || !field) return null;
  return {
    id,
    field: name,
    masked: !reveal,
    value: show(name, field.value, reveal),
    raw: show(name, field.raw, reveal),
    confidence: field.confidence,
    source: field.source,
    warnings: field.warnings.map((code) => ({ code, meaning: explainWarning(code) })),
    alternatives: (field.alternatives ?? []).map(({ confidence, value }) => ({
      value: show(name, value, reveal),
      confidence,
    })),
    checks: result.checks.filter(({ fields }) => fields.includes(name)),
    quality_flags: result.quality.flags,
  };
}
