import { FIELD_NAMES, type FieldName } from './field-names.ts';
import { withAlternatives } from './fields/alternatives.ts';
import { mayBeTorn } from './fields/torn-words.ts';
import { isPieceOfMark, isStampText, namesPurpose } from './layout/overlay.ts';
import type { KtpReading } from './read-ktp.ts';
import type { Field } from './schema.ts';
import { SURE, UNSURE_AT_MOST } from './sure.ts';
import { mapFields, withFields } from './with-fields.ts';

/** Two looks that differ cannot both be right: what is answered then is said to be unsure. */
const DISPUTED_AT_MOST = UNSURE_AT_MOST;
/** A reading that says so little is no dispute. */
const FAINT = 0.5;
/**
 * What only the second look saw is said from this confidence on: the first one may have seen nothing for there is nothing.
 */
const WORTH_SAYING = 0.55;
/** What the first look's answer is worth against one of a look that shows no overlay. */
const UNDER_OVERLAY = 0.55;
/** The same where that look lost a part of the print. */
const OVER_LOSS = 1.1;

/**
 * One reading of two looks at a card: fields that both tell alike keep the better confidence, of two that differ the
 * likelier one stands, with less confidence. `overlay` says that the first look saw text that is not the card's and the
 * second one does not: then the second counts more, and what only the first one saw is in doubt. Without an overlay a second
 * look in which less of a KTP was seen (labels went with a copy's pale strokes) counts less.
 */
export function combineLooks(first: KtpReading, second: KtpReading, overlay: boolean): KtpReading {
  const trust = overlay ? 1 : Math.min(1, second.likelihood / first.likelihood);
  const combined = mapFields(first.fields, (field, name) => combine(name, field, second.fields[name], overlay, trust));
  const fields = withDateOfNik(combined, [first, second]);
  return { ...withFields(first, fields), likelihood: Math.max(first.likelihood, second.likelihood) };
}

/**
 * Fields with the date of birth of the look in which it does not contradict the NIK, where both looks read the same NIK:
 * that a blurred date is surer by itself says nothing then.
 */
function withDateOfNik(fields: KtpReading['fields'], looks: readonly [KtpReading, KtpReading]): KtpReading['fields'] {
  const { nik, tgl_lahir: date } = fields;
  const isConflict = ({ warnings }: Field): boolean => warnings.includes('conflict');
  if (!isConflict(date) || nik.confidence < SURE || looks.some((look) => look.fields.nik.value !== nik.value))
    return fields;
  const agreeing = looks
    .map((look) => look.fields.tgl_lahir)
    .find((other) => other.value !== null && !isConflict(other));
  if (!agreeing) return fields;
  const bounded = atMost(agreeing, DISPUTED_AT_MOST);
  const rival = { value: date.value ?? '', confidence: date.confidence * (1 - bounded.confidence) };
  return { ...fields, tgl_lahir: withAlternatives(bounded, [rival, ...(date.alternatives ?? [])]) };
}

/** `trust`: what the second look's word counts, less than 1 where it showed less of a KTP than the first one. */
function combine(name: FieldName, first: Field, second: Field, overlay: boolean, trust: number): Field {
  if (first.value === second.value) return second.confidence > first.confidence ? second : first;
  if (first.value === null) return overlay || second.confidence >= WORTH_SAYING ? second : first;
  if (second.value === null) return overlay ? atMost(first, DISPUTED_AT_MOST) : first;
  if (overlay && isWithin(second.value, first.value)) {
    // Words of the overlay were read on to the value: no dispute about the value itself. Or most of it went with them.
    const isClearer = first.confidence < FAINT && second.confidence >= DOUBTFUL;
    if (!isClearer && !isWhole(second.value, first.value)) return atMost(first, DISPUTED_AT_MOST);
    return UNCHECKED.has(name) && !isPieceOfMark(restOf(second.value, first.value))
      ? atMost(second, DISPUTED_AT_MOST)
      : second;
  }
  if (overlay && isWithin(first.value, second.value) && isStray(restOf(first.value, second.value))) {
    return atMost(first, DISPUTED_AT_MOST);
  }
  if (sameLetters(first.value, second.value)) return moreSolid(name, first, second, trust);
  if (samePrint(first.value, second.value) && first.confidence > UNDER_OVERLAY * second.confidence) {
    // Thin stops and strokes are the first to go with what lies over the print.
    const isNoise = STRAY_STOP.test(first.value) && second.confidence > first.confidence;
    return isNoise ? atMost(second, DISPUTED_AT_MOST) : atMost(first, DISPUTED_AT_MOST);
  }
  const firstWeight = first.confidence * (overlay ? (isPrinted(first, second) ? OVER_LOSS : UNDER_OVERLAY) : 1);
  const [taken, rival, confidence] =
    trust * second.confidence > firstWeight ? [second, first, firstWeight] : [first, second, trust * second.confidence];
  const isUndisputed = confidence < FAINT && !UNCHECKED.has(name);
  const bounded = isUndisputed ? taken : atMost(taken, DISPUTED_AT_MOST);
  return withAlternatives(bounded, [
    { value: rival.value ?? '', confidence: confidence * (1 - bounded.confidence) },
    ...(rival.alternatives ?? []),
  ]);
}

/** Text that nothing on the card confirms: any look that differs is a dispute (AHMAD YAN for YANI under a stamp). */
const UNCHECKED: ReadonlySet<FieldName> = new Set<FieldName>(['nama', 'alamat']);

/**
 * Whether an overlay cannot have made a value what it is: no stroke of it gives a misread word the letters of a listed one,
 * or a clear word letters in its middle. Then the second look lost them with what lies over the print (SULAWE of SULAWESI).
 */
function isPrinted(first: Field, second: Field): boolean {
  const isUnlisted = ({ warnings }: Field): boolean => warnings.includes('not_in_list');
  if (isUnlisted(second) && !isUnlisted(first)) return true;
  return first.confidence >= SURE && lacksLetters(second.value ?? '', first.value ?? '');
}

/** Whether a text is another one without some letters next to each other in its words. */
function lacksLetters(part: string, whole: string): boolean {
  const lost = whole.length - part.length;
  if (lost < 1) return false;
  let same = 0;
  while (same < part.length && part[same] === whole[same]) same++;
  return (
    part.slice(same) === whole.slice(same + lost) &&
    same < part.length &&
    /^[A-Z]+$/.test(whole.slice(same, same + lost))
  );
}

/** A stop that stands before the last letter of a long word is none: RAMB.A. */
const STRAY_STOP = /(?<![A-Z])(?!BLOK|KOMP|PERUM)[A-Z]{4,}\.[A-Z](?![A-Z.])/;

function sameLetters(first: string, second: string): boolean {
  return first.replaceAll(' ', '') === second.replaceAll(' ', '');
}

/** Whether two values differ in blanks, stops and strokes only. */
function samePrint(first: string, second: string): boolean {
  return first.replace(/[ .,'-]/g, '') === second.replace(/[ .,'-]/g, '');
}

/**
 * Of two that differ in blanks the one with fewer: noise opens letters up more often than it closes words. Not where both
 * looks saw the blank, and one of them took the value for another of a list (SUKA JADI for SUKAJADI), nor in front of a
 * house's number (MELATINO. 5); behind a stop, whose own room hides the blank, the surer one.
 */
function moreSolid(name: FieldName, first: Field, second: Field, trust: number): Field {
  const [solid, open] = (first.value ?? '').length <= (second.value ?? '').length ? [first, second] : [second, first];
  const isSeenByBoth = [solid, open].every(({ raw }) => raw?.includes(open.value ?? ''));
  const isBehindStop = open.value?.replaceAll('. ', '.') === solid.value;
  const isNumber = open.value?.replace(/ (?=NO\.? ?\d)/, '') === solid.value;
  const isTorn = endsTorn(name, open.value ?? '') && !endsTorn(name, solid.value ?? '');
  const weight = (field: Field): number => (field === second ? trust : 1) * field.confidence;
  const isSurer = !isTorn && weight(open) > weight(solid) + (isBehindStop ? 0 : MUCH_SURER);
  const taken = isSeenByBoth || isNumber || isSurer ? open : solid;
  return atMost(taken, DISPUTED_AT_MOST);
}

const MUCH_SURER = 0.15;
/** Behind a word, the last letter of a torn one (MERDEK A): numerals and blocks' letters apart. */
const LONE_LETTER = /(?<!BLOK)(?<=[A-Z]{3}) [A-HJ-UWYZ](?= |$)/;

/** Whether a value has the end of a torn word: of an address two letters, too (TENG AH), which are words of names. */
function endsTorn(name: FieldName, value: string): boolean {
  return LONE_LETTER.test(value) || (name === 'alamat' && mayBeTorn(value));
}

/** Whether a value is the whole of a longer one's beginning or end, at a blank. */
function isWithin(part: string, whole: string): boolean {
  return whole.startsWith(`${part} `) || whole.endsWith(` ${part}`);
}

/** What a longer value has beside its part. */
function restOf(part: string, whole: string): string {
  return whole.startsWith(part) ? whole.slice(part.length + 1) : whole.slice(0, -part.length - 1);
}

/** Whether a part is the whole value, and not what a look lost the rest of: NO. 34 of an address. */
function isWhole(part: string, whole: string): boolean {
  const rest = restOf(part, whole);
  return part.length >= rest.length || isStampText(rest) || namesPurpose(rest);
}

/** A letter or two that are no numeral: bits of a stamp. */
function isStray(text: string): boolean {
  return /^[A-Z]{1,2}$/.test(text) && !/^[IVX]+$/.test(text);
}

function atMost(field: Field, confidence: number): Field {
  return field.confidence > confidence ? { ...field, confidence } : field;
}

/** Confidence below which a field is looked at again. */
const DOUBTFUL = 0.8;

/** Fields that were not read, or with doubt: less confidence than `least`. */
export function doubtfulFields(fields: KtpReading['fields'], least = DOUBTFUL): FieldName[] {
  return FIELD_NAMES.filter((name) => {
    const { value, confidence, warnings } = fields[name];
    // Where its label was read, whether a blood group is printed is told by a look at its own place.
    const isBlank = name === 'gol_darah' && warnings.includes('derived_from_blank');
    return !isBlank && (value === null || confidence < least);
  });
}
