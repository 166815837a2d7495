import { FIELD_NAMES, type FieldName } from '../../src/ktp/field-names.ts';
import type { Truth } from '../../tools/make-cards/truth.ts';
import {
  addCard,
  addToBins,
  emptyTally,
  type ReliabilityBin,
  reliabilityBins,
  SURE,
  type Tally,
  type Verdict,
} from './metrics.ts';
import type { Picture } from './pictures.ts';
import type { ReaderRun } from './readers.ts';

export interface WrongField {
  readonly picture: Picture;
  readonly field: FieldName;
  readonly verdict: Verdict;
  readonly expected: string | null;
  readonly read: string | null;
  readonly confidence: number | null;
}

/** How one field fared over all levels. */
export interface FieldTally {
  cards: number;
  right: number;
  /** Answers with confidence `SURE` or more, and how many of them were right. */
  sure: number;
  sureAndRight: number;
}

export interface Evaluation {
  readonly reader: string;
  /** By `level strength`. */
  readonly levels: ReadonlyMap<string, Tally>;
  readonly fields: ReadonlyMap<FieldName, FieldTally>;
  readonly negatives: { readonly pictures: number; readonly accepted: readonly string[] };
  readonly bins: readonly ReliabilityBin[];
  /** Worst first: sure and wrong, then wrong, then missing. */
  readonly wrong: readonly WrongField[];
  readonly falseRejects: readonly string[];
  /** Pictures whose reading failed for another reason than being refused. */
  readonly failures: readonly string[];
  readonly secondsPerCard: number;
  readonly medianSeconds: number;
  readonly peakRssMb: number;
}

const REFUSALS: ReadonlySet<string | undefined> = new Set([undefined, 'not_a_ktp', 'quality_rejected']);

/** Holds a reader's answers against the truth. */
export function evaluate(run: ReaderRun, pictures: readonly Picture[]): Evaluation {
  const levels = new Map<string, Tally>();
  const byField = new Map<FieldName, FieldTally>(
    FIELD_NAMES.map((field) => [field, { cards: 0, right: 0, sure: 0, sureAndRight: 0 }]),
  );
  const bins = reliabilityBins();
  const wrong: WrongField[] = [];
  const accepted: string[] = [];
  const falseRejects: string[] = [];
  const failures: string[] = [];
  let negatives = 0;
  for (const picture of pictures) {
    const answer = run.answers.get(picture.id);
    const fields = answer?.fields ?? null;
    if (!REFUSALS.has(answer?.refusal)) failures.push(`${picture.id}: ${answer?.refusal}`);
    if (picture.truth.document === 'other') {
      negatives++;
      if (fields !== null) accepted.push(picture.id);
      continue;
    }
    const truth: Truth = picture.truth;
    if (fields === null) falseRejects.push(picture.id);
    const key = `${picture.level} ${picture.strength}`;
    const tally = levels.get(key) ?? emptyTally();
    levels.set(key, tally);
    const verdicts = addCard(tally, truth, fields);
    for (const field of FIELD_NAMES) {
      const read = fields?.[field];
      const verdict = verdicts.get(field) ?? 'missing';
      const confidence = read?.confidence ?? null;
      if (read?.value && confidence !== null) addToBins(bins, confidence, verdict === 'right');
      const tallied = byField.get(field);
      if (tallied !== undefined) {
        tallied.cards++;
        if (verdict === 'right') tallied.right++;
        if (read?.value && confidence !== null && confidence >= SURE) {
          tallied.sure++;
          if (verdict === 'right') tallied.sureAndRight++;
        }
      }
      if (verdict === 'right') continue;
      const expected = truth.hidden.includes(field) ? null : truth.fields[field];
      wrong.push({ picture, field, verdict, expected, read: read?.value ?? null, confidence });
    }
  }
  const badness = (entry: WrongField): number =>
    entry.verdict === 'missing' ? 0 : 1 + (entry.confidence ?? 0) + ((entry.confidence ?? 0) >= SURE ? 1 : 0);
  wrong.sort((a, b) => badness(b) - badness(a));
  return {
    reader: run.name,
    levels,
    fields: byField,
    negatives: { pictures: negatives, accepted },
    bins,
    wrong,
    falseRejects,
    failures,
    secondsPerCard: run.secondsPerCard,
    medianSeconds: run.medianSeconds,
    peakRssMb: run.peakRssMb,
  };
}
