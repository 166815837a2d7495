import { FIELD_NAMES, type FieldName } from '../field-names.ts';
import type { KtpResult } from '../schema.ts';
import { SURE } from '../sure.ts';
import { FREE_TEXT } from './fragments.ts';

/** Values so sure that a model which reads them otherwise cannot be believed. */
const BEYOND_DOUBT = 0.97;
const MOST_CONTROLS = 2;
/**
 * Below this, text that no list knows has been wrong and sure (`SUKAMAJU II` for `III`): of 40 such fields of 183 severe
 * cards two were, of 400 above it none.
 */
const CONFIRMED_FROM = 0.98;
/** Of more fields than this the cut-outs cost as much as the whole card. */
export const MOST_CUT_OUTS = 10;
/** Short ones, with digits first: what servers that read wrong get wrong. */
const CONTROL_CHOICE: readonly FieldName[] = ['tgl_lahir', 'nik', 'kecamatan', 'nama', 'kel_desa', 'agama'];
/** Not on every card. */
const OPTIONAL: ReadonlySet<FieldName> = new Set<FieldName>(['gol_darah', 'tempat_terbit', 'tgl_terbit']);
/** Checks after which one of their fields must be wrong. */
const CONTRADICTIONS: ReadonlySet<string> = new Set([
  'nik_malformed',
  'nik_date_invalid',
  'nik_province_unknown',
  'nik_sex_mismatch',
  'nik_birth_date_mismatch',
]);

/** What a model is asked about a card. */
export interface Questions {
  /** Fields whose answer is needed. */
  readonly doubtful: readonly FieldName[];
  /** Fields that are known: by them it is seen whether this model can be believed about this card. */
  readonly controls: readonly FieldName[];
  /** Free text that OCR is sure of, and that no list confirms: asked where a model is asked anyway. */
  readonly unconfirmed: readonly FieldName[];
}

/**
 * The fields of a reading that a second look could better; none: nothing is to be asked.
 * @param thorough asks also for what a card need not have, where nothing else is to be asked, and for what is unconfirmed.
 */
export function chooseQuestions(
  { fields, checks }: Pick<KtpResult, 'fields' | 'checks'>,
  { thorough }: { readonly thorough: boolean },
): Questions {
  const contradicted = new Set(checks.filter(({ code }) => CONTRADICTIONS.has(code)).flatMap((check) => check.fields));
  const doubtful = FIELD_NAMES.filter((name) => {
    const { confidence, value } = fields[name];
    if (value === null) return thorough || !OPTIONAL.has(name);
    return confidence < SURE || contradicted.has(name);
  });
  if (doubtful.length === 0) return { doubtful, controls: [], unconfirmed: [] };
  // Where a place is not known the whole card is shown anyway: then what may be there is asked as well.
  const wholeCard = doubtful.some((name) => fields[name].box === null);
  const alsoMissing = [...OPTIONAL].filter((name) => fields[name].value === null && !doubtful.includes(name));
  if (wholeCard) doubtful.push(...alsoMissing);
  const known = CONTROL_CHOICE.filter(
    (name) => !doubtful.includes(name) && fields[name].value !== null && fields[name].confidence >= BEYOND_DOUBT,
  );
  const controls = known.slice(0, MOST_CONTROLS);
  const unconfirmed = FIELD_NAMES.filter(
    (name) =>
      FREE_TEXT.has(name) &&
      !doubtful.includes(name) &&
      !controls.includes(name) &&
      fields[name].confidence < CONFIRMED_FROM,
  );
  const room = wholeCard ? unconfirmed.length : Math.max(0, MOST_CUT_OUTS - doubtful.length - controls.length);
  return { doubtful, controls, unconfirmed: thorough ? unconfirmed.slice(0, room) : [] };
}

/** All that a model is asked about a card, in the order of its fields. */
export function askedFields({ controls, doubtful, unconfirmed }: Questions): FieldName[] {
  const asked = new Set([...doubtful, ...controls, ...unconfirmed]);
  return FIELD_NAMES.filter((name) => asked.has(name));
}

/** Everything, for a card that a model reads alone. */
export const ALL_QUESTIONS: Questions = { doubtful: FIELD_NAMES, controls: [], unconfirmed: [] };
