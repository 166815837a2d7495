import { evenlySpaced } from '../../text-lines/evenly-spaced.ts';
import type { Quad, TextLine } from '../../text-lines/text-line.ts';
import { trackOfLine } from '../text/emission-track.ts';
import { LABEL_ORDER, PRINTED, type RowLabel } from './labels.ts';

const ROWS: readonly RowLabel[] = LABEL_ORDER.slice(1);
/** Nats by which one row may speak against a label, at most: a broken one may be read as anything. */
const MOST_AGAINST = 12;
/** The same for a row more than the labels, and for a label without a row. */
const CONTINUED = 3;
const LEFT_OUT = 30;

/**
 * The label of each row below the NIK, from what was read in front of the values, top to bottom: labels stand in their
 * order, a row each, so what one row leaves open the others tell. Undefined for the second row of a value, and for rows
 * above or below the labels.
 */
export function rowsToLabels(fronts: readonly TextLine[]): (RowLabel | undefined)[] {
  const costs = fronts.map(costsOf);
  const count = ROWS.length;
  /** Least cost of the rows so far where the last label that was given is the `index`th (0: none). */
  let states: { cost: number; labels: (RowLabel | undefined)[] }[] = [{ cost: 0, labels: [] }];
  for (const { none, of } of costs) {
    const next: { cost: number; labels: (RowLabel | undefined)[] }[] = [];
    const offer = (
      index: number,
      cost: number,
      labels: readonly (RowLabel | undefined)[],
      label: RowLabel | undefined,
    ) => {
      if (cost < (next[index]?.cost ?? Number.POSITIVE_INFINITY)) next[index] = { cost, labels: [...labels, label] };
    };
    for (const [index, state] of states.entries()) {
      if (!state) continue;
      offer(index, state.cost + none + CONTINUED, state.labels, undefined);
      for (let to = index + 1; to <= count; to++) {
        const label = ROWS[to - 1];
        if (label)
          offer(to, state.cost + (of.get(label) ?? MOST_AGAINST) + LEFT_OUT * (to - index - 1), state.labels, label);
      }
    }
    states = next;
  }
  let best: { cost: number; labels: (RowLabel | undefined)[] } | undefined;
  for (const [index, state] of states.entries()) {
    if (!state) continue;
    const cost = state.cost + LEFT_OUT * (count - index);
    if (!best || cost < best.cost) best = { ...state, cost };
  }
  return best ? [...best.labels] : [];
}

/** How much worse each label suits what was read than what suits it best, nats. */
function costsOf(front: TextLine): { of: Map<RowLabel, number>; none: number } {
  const whole = trackOfLine(front);
  const track = whole && whole.emissions.steps > 0 ? whole : undefined;
  const fits = new Map(ROWS.map((label) => [label, track ? track.logLikelihood(PRINTED[label].toUpperCase()) : 0]));
  const none = track ? track.logLikelihood('') : 0;
  const best = Math.max(none, ...fits.values());
  const bounded = (fit: number): number => Math.min(MOST_AGAINST, best - fit);
  return { of: new Map([...fits].map(([label, fit]) => [label, bounded(fit)])), none: bounded(none) };
}

/** A row's label as a line of its own, at the place where it stands. */
export function labelLine(label: RowLabel, quad: Quad): TextLine {
  return evenlySpaced(PRINTED[label], quad, BY_ORDER);
}

/** Confidence in a label that was told by its row. */
const BY_ORDER = 0.8;
