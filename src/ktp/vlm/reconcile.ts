import { toCompatibleCard } from '../compat.ts';
import { FIELD_NAMES, type FieldName } from '../field-names.ts';
import { readKtp } from '../read-ktp.ts';
import { checkCard } from '../rules/checks.ts';
import { asPrinted, parseIsoDate } from '../rules/dates.ts';
import { nikBirthDate, parseNik } from '../rules/nik.ts';
import { plainText } from '../rules/snap.ts';
import type { Field, KtpResult, Quality } from '../schema.ts';
import { mapFields } from '../with-fields.ts';
import type { Questions } from './choose-questions.ts';
import { type PrintedValues, printedLines } from './printed-lines.ts';

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
/** Signs that the value is not what OCR has seen, but what our rules have made of it. */
const GUESSED: ReadonlySet<string> = new Set(['normalised', 'repaired']);
/** The same of one that did not pass: its values may fill a gap, and never replace anything. */
const UNTRUSTED = 0.3;
/** Only what two readings or a rule agree on counts as sure. */
const AT_MOST_ALONE = 0.85;
const AT_MOST_AGREED = 0.98;
const IN_CONFLICT = 0.6;
/**
 * What a model cannot read that reads other doubtful fields may be covered, and what OCR has of it a fragment. OCR has
 * been as sure as this of fragments under a burnt-out spot, and of ones that no list knows.
 */
const FRAGMENT_BELOW = 0.9;
/** Share of the picture's width that a box may be away from its edge and yet stand there. */
const AT_EDGE = 0.005;
/** Fields of any text: a fragment of one looks like a whole one. */
const FREE_TEXT: ReadonlySet<FieldName> = new Set<FieldName>(['nama', 'tempat_lahir', 'alamat']);
/** Signs of a fragment in the others. */
const FRAGMENT_SIGNS: ReadonlySet<string> = new Set(['not_in_list', 'gap', 'cut', 'incomplete']);
/** So many fields with such signs are no gap in our lists. */
const MANY_REMAINDERS = 3;
/** The value is known from elsewhere, or is the only one that the part can belong to. */
const TOLD_OTHERWISE = /^(derived_|completed$)/;

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
 * decide if they can, else the likelier one, and both are shown. A field that was not asked for stays as it is.
 * @param trusted whether the model has passed its canary.
 */
export function reconcile(
  ocr: Pick<KtpResult, 'fields' | 'quality'>,
  answer: PrintedValues,
  { controls, doubtful }: Questions,
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
    const remainders = doubtful.filter((name) => hasSign(ocr.fields[name]));
    // Something lies on the card, by OCR's own word: a model that knows the known fields need not show more.
    const liesUnder = controls.length > 0 && remainders.length >= MANY_REMAINDERS;
    for (const name of doubtful) {
      const before = ocr.fields[name];
      // No field vouches for itself.
      const readsHard = hardOnes.some((other) => other !== name);
      const hasShown = controls.length > 0 || readsHard;
      const trust = trusted ? (hasShown ? TRUSTED_HERE : TRUSTED) : UNTRUSTED;
      const mayBeCovered = (readsHard && isFragment(name, before, ocr.quality)) || (liesUnder && isUnlisted(before));
      fields[name] =
        mayBeCovered && trusted && answer[name] === null
          ? withoutFragment(before)
          : decide(name, ocr.fields, model[name], { trust, readsHard });
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

function printedValue({ value }: Field): string | null {
  return value === null ? null : asPrinted(value);
}

/** What a model has shown of itself. */
interface Standing {
  /** How often it is right. */
  readonly trust: number;
  /** It has read another doubtful field of this card as OCR has. */
  readonly readsHard: boolean;
}

function decide(name: FieldName, ocr: KtpResult['fields'], said: Field, { readsHard, trust }: Standing): Field {
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
  const rule = name === 'nik' ? rulesDecide(before.value, said.value, ocr) : null;
  const takeModel = rule === null ? overrules(said, before, { trust, readsHard }) : rule === 'model';
  const chosen = takeModel ? said : before;
  return {
    ...chosen,
    box: before.box,
    source: takeModel ? 'vlm' : before.source,
    confidence: rule === null ? Math.min(chosen.confidence, IN_CONFLICT) : Math.min(chosen.confidence, AT_MOST_ALONE),
    warnings: [...before.warnings, takeModel ? 'ocr_reads_otherwise' : 'model_reads_otherwise'],
    readings: { ocr: before.value, vlm: said.value },
  };
}

/**
 * Whether a model's word counts for more than that of OCR. Where OCR has seen the same letters and digits, or the very
 * value as another possibility, its doubt is about what the model is likelier to know.
 */
function overrules(said: Field, before: Field, { readsHard, trust }: Standing): boolean {
  if (trust <= UNTRUSTED) return false;
  // Two of three looks agree on each word.
  if (readsHard && isSeenWordByWord(before, said.value)) return true;
  if (before.confidence >= trust * said.confidence) return false;
  if (isSeen(before, said.value)) return true;
  return trust === TRUSTED_HERE && (isGuessed(before) || (readsHard && before.confidence < OTHERWISE_BELOW));
}

/** Whether OCR has seen the letters and digits that a model says, as its value or as another possibility. */
function isSeen(before: Field, said: string | null | undefined): boolean {
  if (!said) return false;
  const seen = [before.value, printedValue(before), ...(before.alternatives ?? []).map(({ value }) => value)];
  return seen.some((value) => value !== null && signs(value) === signs(said));
}

/**
 * Whether every word that a model says stands in what OCR has read, or in the same place of another possibility: its
 * looks had some of the words right each.
 */
function isSeenWordByWord({ alternatives = [], value }: Field, said: string | null): boolean {
  if (said === null) return false;
  const looks = [value ?? '', ...alternatives.map((alternative) => alternative.value)].map(wordsOf);
  const words = wordsOf(said);
  const alike = looks.filter((look) => look.length === words.length);
  return words.length > 1 && words.every((word, place) => alike.some((look) => look[place] === word));
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).map(signs);
}

function isGuessed({ warnings }: Field): boolean {
  return warnings.some((code) => GUESSED.has(code));
}

function signs(value: string): string {
  return value.toUpperCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** Whether OCR may have read a part of a value only, of which nothing else tells the whole. */
function isFragment(name: FieldName, field: Field, quality: Quality): boolean {
  const { confidence, value } = field;
  if (value === null || confidence >= FRAGMENT_BELOW || isToldOtherwise(field)) return false;
  const burntOut = quality.flags.includes('glare') && quality.affected_fields.includes(name);
  const mayBeCut = burntOut || reachesEdge(field);
  // What our rules have made of a remainder (`00-`: 000) is no more than that.
  return (mayBeCut && (FREE_TEXT.has(name) || isGuessed(field))) || hasSign(field);
}

function hasSign({ warnings }: Field): boolean {
  return warnings.some((code) => FRAGMENT_SIGNS.has(code));
}

/** Whether a value is no entry of its list, of which nothing else tells what it should be. */
function isUnlisted(field: Field): boolean {
  return field.value !== null && field.warnings.includes('not_in_list') && !isToldOtherwise(field);
}

/** Whether a field stands at the picture's left or right edge, where the card goes on. */
function reachesEdge({ box }: Field): boolean {
  return box !== null && (box[0] <= AT_EDGE || box[2] >= 1 - AT_EDGE);
}

function isToldOtherwise({ warnings }: Field): boolean {
  return warnings.some((code) => TOLD_OTHERWISE.test(code));
}

function withoutFragment({ characters, ...before }: Field): Field {
  return {
    ...before,
    value: null,
    confidence: 0,
    alternatives: [],
    warnings: [...before.warnings, 'model_reads_nothing'],
    readings: { ocr: before.value, vlm: null },
  };
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
