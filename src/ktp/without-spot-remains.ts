import type { FieldName } from './field-names.ts';
import { takeBack } from './fields/alternatives.ts';
import type { KtpReading } from './read-ktp.ts';
import type { Field, Quality } from './schema.ts';
import { mapFields, withFields } from './with-fields.ts';

/** Confidence below which what no list knows is the rest of a value: six of six were. */
const REMNANT = 0.7;
/** Text of which so few letters are left under a spot is not all: DAS of DASUKI, JL.N. Names may be shorter elsewhere. */
const FEW_LETTERS = 3;
const FREE: ReadonlySet<FieldName> = new Set<FieldName>(['nama', 'alamat']);

/**
 * A reading without what a burnt-out spot left of values: beside it a value that its list does not know, or a text of very
 * few letters, is not answered. A clear reading stays.
 */
export function withoutSpotRemains(reading: KtpReading, { affected_fields, flags }: Quality): KtpReading {
  if (!flags.includes('glare')) return reading;
  const change = (field: Field, name: FieldName) =>
    affected_fields.includes(name) && isRemnant(name, field) ? takeBack(field) : field;
  return withFields(reading, mapFields(reading.fields, change));
}

function isRemnant(name: FieldName, { confidence, value, warnings }: Field): boolean {
  if (value === null) return false;
  if (warnings.includes('not_in_list')) return confidence < REMNANT;
  return FREE.has(name) && value.replace(/[^A-Z]/g, '').length <= FEW_LETTERS;
}
