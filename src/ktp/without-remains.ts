import { takeBack } from './fields/alternatives.ts';
import type { KtpReading } from './read-ktp.ts';
import type { Field } from './schema.ts';
import { mapFields, withFields } from './with-fields.ts';

/** Confidence below which a value with a gap is right in one of ten cases. */
const REMAINS = 0.5;

/**
 * A reading without the remains of values: where a part is missing (glare, a finger, a stamp over it) and the rest is not
 * likely the whole, nothing is answered.
 */
export function withoutRemains(reading: KtpReading): KtpReading {
  const areRemains = ({ confidence, warnings }: Field) => confidence < REMAINS && warnings.includes('gap');
  return withFields(
    reading,
    mapFields(reading.fields, (field) => (areRemains(field) ? takeBack(field) : field)),
  );
}
