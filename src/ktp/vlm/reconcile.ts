import { toCompatibleCard } from '../compat.ts';
import { FIELD_NAMES, type FieldName } from '../field-names.ts';
import { readKtp } from '../read-ktp.ts';
import { checkCard } from '../rules/checks.ts';
import { parseIsoDate } from '../rules/dates.ts';
import { nikBirthDate, parseNik } from '../rules/nik.ts';
import { plainText } from '../rules/snap.ts';
import type { Field, KtpResult } from '../schema.ts';
import { mapFields } from '../with-fields.ts';
import type { Questions } from './choose-questions.ts';
import { hasFragmentSign, isFragment, isGuessed, isToldOtherwise, isUnlisted, withoutFragment } from './fragments.ts';
import { type PrintedValues, printedLines } from './printed-lines.ts';
import { fillsTornWord, isSeen, isSeenWordByWord, printedValue, signs } from './seen.ts';

/** How often a model that passed its test is right about a field that OCR doubts; not measured with real weights. */
const TRUSTED = 0.85;
/** The same where it has read fields of this very card as OCR has: then it is likelier than what OCR doubts. */
const TRUSTED_HERE = 0.92;
/**
 * A model that reads one field in five wrong gets the known ones right often enough. So letters or digits that OCR has
 * not seen replace its own only where it is less sure than this.
 */
const OTHERWISE_BELOW = 0.5;
/**
 * What OCR doubts a little only, it is right about as a rule. A model that reads most of such fields otherwise is wrong
 * about this card, whatever it says of the known ones.
 */
const HARDLY_DOUBTED = 0.75;
/** The same of one that did not pass: its values may fill a gap, and never replace anything. */
const UNTRUSTED = 0.3;
/** Only what two readings or a rule agree on counts as sure. */
const AT_MOST_ALONE = 0.85;
const AT_MOST_AGREED = 0.98;
const IN_CONFLICT = 0.6;
/** So many fields with such signs are no gap in our lists. */
const MANY_REMAINDERS = 3;
/** So many doubtful fields read as OCR has, and none otherwise, tell how often a model is right about this card. */
const ENOUGH_AGREED = 4;
/** Of a few values each, which most cards share: to say them right is not to have read them. */
const FEW_VALUES: ReadonlySet<FieldName> = new Set<FieldName>([
  'jenis_kelamin',
  'gol_darah',
  'agama',
  'status_perkawinan',
  'kewarganegaraan',
  'berlaku_hingga',
]);

export interface Reconciliation {
  readonly fields: KtpResult['fields'];
  readonly checks: KtpResult['checks'];
  readonly compat: KtpResult['compat'];
  /** The model read known fields otherwise than they are: nothing of its answer was taken. */
  readonly believed: boolean;
}

/**
 * Puts the answer of a model and the reading of OCR together, field by field, among those that were asked for: what
 * both say is surer than before; what only one says is taken, never as sure; where they differ the rules of the NIK
 * decide if they can, else the likelier one, and both are shown. What OCR is sure of changes only where OCR has seen the
 * other value as well. A field that was not asked for stays as it is.
 * @param trusted whether the model has passed its canary.
 */
export function reconcile(
  ocr: Pick<KtpResult, 'fields' | 'quality'>,
  answer: PrintedValues,
  { controls, doubtful, unconfirmed }: Questions,
  trusted: boolean,
): Reconciliation {
  const model = normalise(ocr.fields, answer);
  const known = controls.every((name) => {
    const said = model[name].value;
    return said !== null && sameText(said, ocr.fields[name].value);
  });
  const believed = known && !readsMostOtherwise(ocr.fields, model, doubtful);
  const fields = { ...ocr.fields };
  if (believed) {
    // To know what is known is not to read what is hard: as it stands there, not as our lists would mend it.
    const hardOnes = doubtful.filter(
      (name) => signs(answer[name] ?? '') !== '' && isSeen(ocr.fields[name], answer[name]),
    );
    const remainders = doubtful.filter((name) => hasFragmentSign(ocr.fields[name]));
    // Something lies on the card, by OCR's own word: a model that knows the known fields need not show more.
    const liesUnder = controls.length > 0 && remainders.length >= MANY_REMAINDERS;
    for (const name of [...doubtful, ...unconfirmed]) {
      const before = ocr.fields[name];
      // No field vouches for itself.
      const readsHard = hardOnes.some((other) => other !== name);
      const hasShown = controls.length > 0 || readsHard;
      const trust = trusted ? (hasShown ? TRUSTED_HERE : TRUSTED) : UNTRUSTED;
      if (unconfirmed.includes(name)) {
        if (trusted && readsHard) fields[name] = confirm(before, model[name]);
        continue;
      }
      const mayBeCovered = (readsHard && isFragment(name, before, ocr.quality)) || (liesUnder && isUnlisted(before));
      const rightShare = shareRight(ocr.fields, model, { hardOnes, others: [...doubtful, ...unconfirmed], name });
      fields[name] =
        mayBeCovered && trusted && answer[name] === null
          ? withoutFragment(before)
          : decide(name, ocr.fields, model[name], { trust, readsHard, rightShare, answer: answer[name] ?? null });
    }
  }
  return { fields, checks: checkCard(fields), compat: toCompatibleCard(fields), believed };
}

/** Whether a model contradicts more of what OCR hardly doubts than it confirms. */
function readsMostOtherwise(
  ocr: KtpResult['fields'],
  model: KtpResult['fields'],
  doubtful: readonly FieldName[],
): boolean {
  const isWitness = (name: FieldName): boolean => {
    const field = ocr[name];
    if (field.confidence < HARDLY_DOUBTED || isGuessed(field) || isToldOtherwise(field)) return false;
    // Between two of these the rules decide.
    return name !== 'nik' || (field.value !== null && fits(field.value, ocr));
  };
  const witnesses = doubtful.filter((name) => isWitness(name) && model[name].value !== null);
  const confirmed = witnesses.filter(
    (name) => isSeen(ocr[name], model[name].value) || isSeenWordByWord(ocr[name], model[name].value),
  );
  return witnesses.length > 2 * confirmed.length;
}

/** What the model said, by the rules of a card's fields; what it was not asked stands there as OCR read it. */
function normalise(ocr: KtpResult['fields'], answer: PrintedValues): KtpResult['fields'] {
  const printed = Object.fromEntries(
    FIELD_NAMES.map((name) => [name, name in answer ? answer[name] : printedValue(ocr[name])]),
  );
  // Half of "003/007" is read by no rule: a stand-in for the other, which was not said and so does not count.
  if (printed.rt && !printed.rw) printed.rw = UNKNOWN_HALF;
  if (printed.rw && !printed.rt) printed.rt = UNKNOWN_HALF;
  const { lines, page } = printedLines(printed);
  const { fields } = readKtp(lines, page);
  // Derived from other fields: the model has not said it.
  return mapFields(fields, (field, name) => (answer[name] ? field : { ...field, value: null }));
}

const UNKNOWN_HALF = '000';

/** What a model has shown of itself. */
interface Standing {
  /** How often it is right. */
  readonly trust: number;
  /** It has read another doubtful field of this card as OCR has. */
  readonly readsHard: boolean;
  /** How likely it is to be right about a doubtful field of this card; 0: not known. */
  readonly rightShare: number;
  /** What it has said, as it stands there. */
  readonly answer: string | null;
}

/**
 * How often a model is right that has read as many other doubtful fields of this card as OCR has, and none otherwise, by
 * Laplace's rule of succession: fields of few values do not count. 0: too little is known.
 */
function shareRight(
  ocr: KtpResult['fields'],
  model: KtpResult['fields'],
  { hardOnes, name, others }: { hardOnes: readonly FieldName[]; others: readonly FieldName[]; name: FieldName },
): number {
  const compared = others.filter((other) => other !== name && !FEW_VALUES.has(other));
  const agreed = compared.filter((other) => hardOnes.includes(other)).length;
  const contradicted = compared.some((other) => {
    const said = model[other].value;
    return said !== null && ocr[other].value !== null && !isSeen(ocr[other], said);
  });
  return contradicted || agreed < ENOUGH_AGREED ? 0 : (agreed + 1) / (agreed + 2);
}

/** A field that OCR is sure of, which a model has been asked that reads what is hard. */
function confirm(before: Field, said: Field): Field {
  if (said.value === null || before.value === null) return before;
  if (sameText(said.value, before.value)) return agreed(before, TRUSTED_HERE);
  return inConflict(before, said, isSeen(before, said.value), IN_CONFLICT);
}

function decide(name: FieldName, ocr: KtpResult['fields'], said: Field, standing: Standing): Field {
  const { trust } = standing;
  const before = ocr[name];
  if (said.value === null) return before;
  if (before.value === null) {
    const confidence = Math.min(
      AT_MOST_ALONE,
      name === 'nik' && fits(said.value, ocr) ? trust : trust * said.confidence,
    );
    return { ...said, confidence, source: 'vlm', box: before.box, warnings: [...before.warnings, 'read_by_model'] };
  }
  if (sameText(said.value, before.value)) return agreed(before, trust);
  const rule = name === 'nik' ? rulesDecide(before.value, said.value, ocr) : listsDecide(before, said, standing);
  const takeModel = rule === null ? overrules(said, before, standing) : rule === 'model';
  return inConflict(before, said, takeModel, rule === null ? IN_CONFLICT : AT_MOST_ALONE);
}

function inConflict(before: Field, said: Field, takeModel: boolean, atMost: number): Field {
  const chosen = takeModel ? said : before;
  return {
    ...chosen,
    box: before.box,
    source: takeModel ? 'vlm' : before.source,
    confidence: Math.min(chosen.confidence, atMost),
    warnings: [...before.warnings, takeModel ? 'ocr_reads_otherwise' : 'model_reads_otherwise'],
    readings: { ocr: before.value, vlm: said.value },
  };
}

/**
 * Whether a model's word counts for more than that of OCR. Where OCR has seen the same letters and digits, or the very
 * value as another possibility, its doubt is about what the model is likelier to know.
 */
function overrules(said: Field, before: Field, { readsHard, rightShare, trust }: Standing): boolean {
  if (trust <= UNTRUSTED) return false;
  // Two of three looks agree, on all or on each word, or OCR has seen no sign where the model has.
  if (readsHard && (isSeenWordByWord(before, said.value) || fillsTornWord(before, said.value))) return true;
  const shown = trust === TRUSTED_HERE && readsHard;
  if (shown && before.confidence < rightShare) return true;
  if (before.confidence >= trust * said.confidence) return false;
  if (isSeen(before, said.value)) return true;
  return trust === TRUSTED_HERE && (isGuessed(before) || (readsHard && before.confidence < OTHERWISE_BELOW));
}

/** Two independent readings that say the same are both wrong only where each is. */
function agreed(before: Field, trust: number): Field {
  if (trust <= UNTRUSTED) return before;
  const confidence = Math.min(AT_MOST_AGREED, 1 - (1 - before.confidence) * (1 - trust));
  return { ...before, confidence: Math.max(before.confidence, confidence), source: 'both' };
}

/** Of two NIKs the one that fits the date of birth and the sex of the card, where only one does. */
function rulesDecide(before: string, said: string, ocr: KtpResult['fields']): 'ocr' | 'model' | null {
  const [ocrFits, modelFits] = [fits(before, ocr), fits(said, ocr)];
  if (ocrFits === modelFits) return null;
  return ocrFits ? 'ocr' : 'model';
}

/** What is on none of our lists gives way to what a model says that knows this card, and that stands on one. */
function listsDecide(before: Field, said: Field, { answer, trust }: Standing): 'model' | null {
  if (trust !== TRUSTED_HERE || !isUnlisted(before) || said.warnings.includes('not_in_list')) return null;
  return signs(answer ?? '') === signs(said.value ?? '') ? 'model' : null;
}

/** Whether a NIK has the date of birth and the sex that the card says, both known. */
function fits(nik: string, { jenis_kelamin, tgl_lahir }: KtpResult['fields']): boolean {
  const parts = parseNik(nik);
  const printed = parseIsoDate(tgl_lahir.value ?? '');
  const birth = parts && nikBirthDate(parts, printed?.year);
  if (!parts || !printed || !birth) return false;
  const sameDate = birth.day === printed.day && birth.month === printed.month && birth.year === printed.year;
  const sex = jenis_kelamin.value;
  return sameDate && (sex === null || (sex === 'PEREMPUAN') === (parts.sex === 'female'));
}

function sameText(a: string, b: string | null): boolean {
  return b !== null && plainText(a) === plainText(b);
}
