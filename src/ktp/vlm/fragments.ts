import type { FieldName } from '../field-names.ts';
import type { Field, Quality } from '../schema.ts';

/**
 * What a model cannot read that reads other doubtful fields may be covered, and what OCR has of it a fragment. OCR has
 * been as sure as this of fragments under a burnt-out spot, and of ones that no list knows.
 */
const FRAGMENT_BELOW = 0.9;
/** Share of the picture's width that a box may be away from its edge and yet stand there. */
const AT_EDGE = 0.005;
/** Fields of any text: a fragment of one looks like a whole one, and no list says what it may be. */
export const FREE_TEXT: ReadonlySet<FieldName> = new Set<FieldName>(['nama', 'tempat_lahir', 'alamat']);
/** Signs of a fragment in the others. */
const FRAGMENT_SIGNS: ReadonlySet<string> = new Set(['not_in_list', 'gap', 'cut', 'incomplete']);
/** The value is known from elsewhere, or is the only one that the part can belong to. */
const TOLD_OTHERWISE = /^(derived_|completed$)/;
/** Signs that the value is not what OCR has seen, but what our rules have made of it. */
const GUESSED: ReadonlySet<string> = new Set(['normalised', 'repaired']);

/** Whether OCR may have read a part of a value only, of which nothing else tells the whole. */
export function isFragment(name: FieldName, field: Field, quality: Quality): boolean {
  const { confidence, value } = field;
  if (value === null || confidence >= FRAGMENT_BELOW || isToldOtherwise(field)) return false;
  const burntOut = quality.flags.includes('glare') && quality.affected_fields.includes(name);
  const mayBeCut = burntOut || reachesEdge(field);
  // What our rules have made of a remainder (`00-`: 000) is no more than that.
  return (mayBeCut && (FREE_TEXT.has(name) || isGuessed(field))) || hasFragmentSign(field);
}

/** Whether a value bears a sign of being a part only. */
export function hasFragmentSign({ warnings }: Field): boolean {
  return warnings.some((code) => FRAGMENT_SIGNS.has(code));
}

/** Whether a value is no entry of its list, of which nothing else tells what it should be. */
export function isUnlisted(field: Field): boolean {
  return field.value !== null && field.warnings.includes('not_in_list') && !isToldOtherwise(field);
}

/** Whether a value is what our rules have made of what OCR has seen. */
export function isGuessed({ warnings }: Field): boolean {
  return warnings.some((code) => GUESSED.has(code));
}

/** Whether other fields tell a value, or its list tells the whole of a part. */
export function isToldOtherwise({ warnings }: Field): boolean {
  return warnings.some((code) => TOLD_OTHERWISE.test(code));
}

/** The field without its value, and what OCR had of it. */
export function withoutFragment({ characters, ...before }: Field): Field {
  return {
    ...before,
    value: null,
    confidence: 0,
    alternatives: [],
    warnings: [...before.warnings, 'model_reads_nothing'],
    readings: { ocr: before.value, vlm: null },
  };
}

/** Whether a field stands at the picture's left or right edge, where the card goes on. */
function reachesEdge({ box }: Field): boolean {
  return box !== null && (box[0] <= AT_EDGE || box[2] >= 1 - AT_EDGE);
}
