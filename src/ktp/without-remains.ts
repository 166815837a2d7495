import { FIELD_NAMES } from './field-names.ts';
import { takeBack } from './fields/alternatives.ts';
import type { KtpReading } from './read-ktp.ts';
import { withFields } from './with-fields.ts';

/** Confidence below which a value with a gap is right in one of ten cases. */
const REMAINS = 0.5;

/**
 * A reading without the remains of values: where a part is missing (glare, a finger, a stamp over it) and the rest is not
 * likely the whole, nothing is answered.
 */
export function withoutRemains(reading: KtpReading): KtpReading {
  const fields = { ...reading.fields };
  for (const name of FIELD_NAMES) {
    const field = fields[name];
    if (field.confidence < REMAINS && field.warnings.includes('gap')) fields[name] = takeBack(field);
  }
  return withFields(reading, fields);
}
