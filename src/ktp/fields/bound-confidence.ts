import type { FieldName } from '../field-names.ts';
import type { KtpResult, Quality } from '../schema.ts';
import { UNSURE_AT_MOST } from '../sure.ts';
import { mapFields } from '../with-fields.ts';
import { withAlternatives } from './alternatives.ts';
import { withDots } from './lost-dots.ts';
import { isRunTogether, mayBeTorn } from './torn-words.ts';

/**
 * Text of no list, where a lost letter leaves another name or address. What the recogniser says of it is measured too
 * high on bad pictures (322 cards of all strengths, answers said with 0.9 or more): 81 of 90 right where the picture is
 * blurred or of a screen, 9 of 11 under a burnt-out spot; elsewhere 98 of 100. Lists and dates are not
 * affected: all of 3,802 right. RT, RW and the date of issue are checked by
 * nothing else either (006 for 008).
 */
const UNCHECKED: ReadonlySet<FieldName> = new Set<FieldName>(['nama', 'alamat', 'rt', 'rw', 'tgl_terbit']);
const UNCHECKED_UNDER_GLARE: ReadonlySet<FieldName> = new Set<FieldName>([
  'nama',
  'alamat',
  'tempat_lahir',
  'pekerjaan',
  'tempat_terbit',
]);
/**
 * A dot is the smallest thing on a card: of severe pictures with few pixels or of a copy, 7 of 8 values whose
 * abbreviations were read without a dot had one; of others none of 11 (58 and 36 cards). In the dark noise hides it as
 * well: the one such value of 58 further cards had lost its dot, and was said with 0.99.
 */
const LOSES_DOTS: ReadonlySet<Quality['flags'][number]> = new Set(['too_small', 'grayscale', 'dark'] as const);

/** Share of the doubt that the value with its dots has. */
const DOTTED_SHARE = 0.6;

/**
 * Lowers the confidences of values that a picture of that quality may have lost letters of, and of addresses that may hold a
 * torn word or lost a blank; what may have lost its dots gets the value with them as a rival.
 */
export function boundConfidence(fields: KtpResult['fields'], { affected_fields, flags }: Quality): KtpResult['fields'] {
  const isUnclear = flags.includes('blurred') || flags.includes('screen');
  const losesDots = flags.some((flag) => LOSES_DOTS.has(flag));
  return mapFields(fields, (field, name) => {
    const isDate = name === 'berlaku_hingga' && /\d/.test(field.value ?? '');
    const dotted = losesDots && field.value !== null ? withDots(name, field.value) : field.value;
    const doubtful =
      (isUnclear && (UNCHECKED.has(name) || isDate)) ||
      dotted !== field.value ||
      (name === 'alamat' && (mayBeTorn(field.value ?? '') || isRunTogether(field.value ?? ''))) ||
      (UNCHECKED_UNDER_GLARE.has(name) && affected_fields.includes(name));
    const bounded = doubtful && field.confidence > UNSURE_AT_MOST ? { ...field, confidence: UNSURE_AT_MOST } : field;
    if (dotted === null || dotted === field.value) return bounded;
    return withAlternatives(bounded, [{ value: dotted, confidence: DOTTED_SHARE * (1 - bounded.confidence) }]);
  });
}
