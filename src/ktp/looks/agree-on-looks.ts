import type { FieldName } from '../field-names.ts';
import { withAlternatives } from '../fields/alternatives.ts';
import { FREE } from '../fields/confidence.ts';
import type { KtpReading } from '../read-ktp.ts';
import type { Field } from '../schema.ts';
import { UNSURE_AT_MOST } from '../sure.ts';
import { mapFields, withFields } from '../with-fields.ts';
import { agreedText, type Voice } from './agreed-text.ts';

/** Text that nothing on the card confirms: any look that differs is a dispute. */
const UNCHECKED: ReadonlySet<FieldName> = new Set<FieldName>(['nama', 'alamat', 'tempat_lahir']);
/** Of other values one that says so little is none. */
const FAINT = 0.5;
/** What is sure of half or less weighs a little still. */
const GUESS_WEIGHT = 0.3;
/** The most that one can be sure of. */
const SUREST = 0.995;

/** A look at a card, and what its word counts against others: 1 or less. */
export interface Look {
  readonly reading: KtpReading;
  readonly trust: number;
}

/**
 * A reading of a covered card with what three or more looks at it agree on; where they differ, or one alone saw a value, it
 * is not sure. The fields that none of them saw stay as they are.
 */
export function agreeOnLooks(reading: KtpReading, looks: readonly Look[]): KtpReading {
  const fields = mapFields(reading.fields, (field, name) => {
    const seen = looks.flatMap(({ reading, trust }) => toVoice(reading.fields[name], trust) ?? []);
    return seen.length > 0 ? agreed(name, seen) : field;
  });
  const likelihood = Math.max(reading.likelihood, ...looks.map(({ reading }) => reading.likelihood));
  return { ...withFields(reading, fields), likelihood };
}

/** What a look read of a field, and what that weighs. */
interface FieldVoice extends Voice {
  readonly field: Field;
}

/**
 * What a field says, by how sure it is: the logarithm of its odds, so that one that is sure outvotes several that guess.
 * What was derived from nothing seen says nothing.
 */
function toVoice(field: Field, trust: number): FieldVoice | null {
  if (field.value === null || field.source === 'derived') return null;
  const share = Math.min(SUREST, field.confidence);
  const odds = Math.max(0, Math.log(share / (1 - share)));
  return { field, text: field.value, weight: trust * (GUESS_WEIGHT * field.confidence + odds) };
}

function agreed(name: FieldName, seen: readonly FieldVoice[]): Field {
  const voices = ofLists(seen);
  // Free text differs in letters, on which looks can agree; a number or a word of a form is one or another.
  const value = FREE.has(name) ? agreedText(voices) : mostSaid(voices);
  const fields = voices.map(({ field }) => field).sort((p, q) => q.confidence - p.confidence);
  const others = seen.filter(({ text }) => text !== value).map(({ field }) => field);
  const isDisputed = others.some(({ confidence }) => UNCHECKED.has(name) || confidence >= FAINT);
  const isAlone = seen.length === others.length + 1;
  const own = fields.find((field) => field.value === value);
  // What no look read as a whole is no surer than they are together.
  const mean = fields.reduce((sum, field) => sum + field.confidence, 0) / fields.length;
  const taken = own ?? { ...(fields[0] as Field), value, confidence: mean };
  const confidence = isDisputed || isAlone ? Math.min(taken.confidence, UNSURE_AT_MOST) : taken.confidence;
  const rivals = others.map((other) => ({
    value: other.value ?? '',
    confidence: other.confidence * (1 - confidence),
  }));
  return withAlternatives({ ...taken, confidence }, rivals);
}

/** The readings that their list knows where it does not know others, unless they are guesses. */
function ofLists(seen: readonly FieldVoice[]): readonly FieldVoice[] {
  const listed = seen.filter(({ field }) => !field.warnings.includes('not_in_list'));
  return listed.some(({ field }) => field.confidence >= FAINT) ? listed : seen;
}

function mostSaid(voices: readonly Voice[]): string {
  const weights = new Map<string, number>();
  for (const { text, weight } of voices) weights.set(text, (weights.get(text) ?? 0) + weight);
  const [most] = [...weights].sort((p, q) => q[1] - p[1]);
  return most?.[0] ?? '';
}
