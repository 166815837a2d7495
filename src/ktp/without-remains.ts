import { toCompatibleCard } from './compat.ts';
import { FIELD_NAMES } from './field-names.ts';
import { withAlternatives } from './fields/alternatives.ts';
import type { KtpReading } from './read-ktp.ts';
import { checkCard } from './rules/checks.ts';

/** Confidence below which a value with a gap is right in one of ten cases. */
const REMAINS = 0.5;

/**
 * A reading without the remains of values: where a part is missing (glare, a finger, a stamp over it) and the rest is not
 * likely the whole, nothing is answered. What was read stays in `raw`, and as an alternative.
 */
export function withoutRemains(reading: KtpReading): KtpReading {
  const fields = { ...reading.fields };
  for (const name of FIELD_NAMES) {
    const field = fields[name];
    if (field.value === null || field.confidence >= REMAINS || !field.warnings.includes('gap')) continue;
    const warnings = [...new Set([...field.warnings, 'cut' as const])];
    const { value, confidence } = field;
    fields[name] = withAlternatives({ ...field, value: null, confidence: 0, warnings }, [{ value, confidence }]);
  }
  return { ...reading, fields, checks: checkCard(fields), compat: toCompatibleCard(fields) };
}
