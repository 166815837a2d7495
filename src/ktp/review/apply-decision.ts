import { FIELD_NAMES, type FieldName } from '../field-names.ts';
import { checkValue } from '../rules/check-value.ts';
import type { Field, KtpResult } from '../schema.ts';
import { mapFields, withFields } from '../with-fields.ts';
import { isContradiction } from './find-doubts.ts';

/** Values that a person has decided on; null: the card shows none. */
export type DecidedValues = Readonly<Partial<Record<FieldName, string | null>>>;

/** A decision that breaks a rule. */
export interface DecisionProblem {
  readonly field: FieldName;
  /** Names the rule, never the value. */
  readonly message: string;
}

/**
 * A result with what a person has decided: each value that was changed, and each doubtful one that was left as it is, is
 * the person's from now on. What had been read stays beside it as `first`. Checks are made again.
 */
export function applyDecision(result: KtpResult, doubts: readonly FieldName[], decided: DecidedValues): KtpResult {
  const touched = touchedBy(doubts, decided);
  const change = (field: Field, name: FieldName) => (touched.has(name) ? decide(name, field, decided) : field);
  return withFields(result, mapFields(result.fields, change));
}

/** What is wrong with a decision by the rules that readings are held against: of single fields, and of the NIK. */
export function decisionProblems(
  result: KtpResult,
  doubts: readonly FieldName[],
  decided: DecidedValues,
): DecisionProblem[] {
  const problems: DecisionProblem[] = [];
  for (const field of FIELD_NAMES) {
    const value = decided[field];
    const problem = value === null || value === undefined ? null : checkValue(field, value).problem;
    if (problem !== null) problems.push({ field, message: problem });
  }
  const touched = touchedBy(doubts, decided);
  for (const check of applyDecision(result, doubts, decided).checks.filter(isContradiction)) {
    const field = FIELD_NAMES.find((name) => check.fields.includes(name) && touched.has(name));
    if (field && !problems.some((known) => known.field === field)) problems.push({ field, message: check.message });
  }
  return problems;
}

function touchedBy(doubts: readonly FieldName[], decided: DecidedValues): ReadonlySet<FieldName> {
  return new Set([...doubts, ...FIELD_NAMES.filter((name) => decided[name] !== undefined)]);
}

function decide(name: FieldName, field: Field, decided: DecidedValues): Field {
  const { alternatives, box, confidence, raw, source, value } = field;
  const typed = decided[name];
  const changed = typed === undefined ? value : typed === null ? null : checkValue(name, typed).value;
  return {
    value: changed,
    raw,
    confidence: 1,
    source: 'review',
    box,
    warnings: [],
    first: { value, confidence, source: source === 'review' ? 'ocr' : source },
    ...(alternatives && { alternatives }),
  };
}
