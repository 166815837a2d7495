import type { Span } from '../text/spans.ts';
import { contentScore } from './content.ts';
import { LABEL_ORDER, type Label, type RowLabel } from './labels.ts';

/** A row of text, or a label, that the rows to deal lie below or above. */
export interface Neighbour {
  readonly label: RowLabel;
  /** Row in pixels. */
  readonly v: number;
}

interface Deal {
  readonly score: number;
  readonly labels: readonly (RowLabel | undefined)[];
  /** The last row that was dealt; undefined before the first one. */
  readonly last: Neighbour | undefined;
}

const WRAPPABLE: ReadonlySet<Label> = new Set<Label>(['nama', 'lahir', 'alamat', 'kel_desa', 'kecamatan', 'pekerjaan']);
/** A wrapped line follows its value's first one at about one row's distance. */
const WRAP_PITCHES = 1.5;
const DROPPED = -0.15;

/**
 * For each row (top to bottom) the label that it belongs to, never going back up; undefined for a row that suits
 * nothing. Rows lie between two labels that were read: those may continue the value of `above`, others begin one of
 * the labels between. Told by content and by the distance of rows, `pitch` pixels each.
 */
export function dealRows(
  rows: readonly (readonly Span[])[],
  above: Neighbour | undefined,
  below: Neighbour | undefined,
  pitch: number,
): readonly (RowLabel | undefined)[] {
  const from = above ? LABEL_ORDER.indexOf(above.label) : -1;
  const missing = LABEL_ORDER.slice(from + 1, below ? LABEL_ORDER.indexOf(below.label) : undefined);
  let states = new Map<RowLabel | undefined, Deal>([[above?.label, { score: 0, labels: [], last: above }]]);
  for (const row of rows) {
    const text = row.map((span) => span.text).join(' ');
    const v = row[0]?.v ?? 0;
    const next = new Map<RowLabel | undefined, Deal>();
    const offer = (last: Neighbour | undefined, score: number, state: Deal, label: RowLabel | undefined): void => {
      const current = next.get(last?.label);
      if (!current || score > current.score) next.set(last?.label, { score, labels: [...state.labels, label], last });
    };
    for (const state of states.values()) {
      const { last } = state;
      offer(last, state.score + DROPPED, state, undefined);
      if (last) offer({ label: last.label, v }, state.score + continuation(last, v, pitch), state, last.label);
      for (const label of missing) {
        if (last && LABEL_ORDER.indexOf(label) <= LABEL_ORDER.indexOf(last.label)) continue;
        const here = { label, v };
        offer(here, state.score + contentScore(label, text) + spacing(last, here, pitch), state, label);
      }
    }
    states = next;
  }
  let best: Deal | undefined;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const state of states.values()) {
    const score = state.score + (below ? spacing(state.last, below, pitch) : 0);
    if (score > bestScore) {
      bestScore = score;
      best = state;
    }
  }
  return best?.labels ?? [];
}

function continuation(last: Neighbour, v: number, pitch: number): number {
  if (v - last.v > WRAP_PITCHES * pitch) return -0.8;
  return WRAPPABLE.has(last.label) ? 0.25 : -0.3;
}

/** 0.2 where two rows are as far apart as their labels ask for, less the farther off; rows too near are worst. */
function spacing(from: Neighbour | undefined, to: Neighbour, pitch: number): number {
  if (!from) return 0;
  const steps = LABEL_ORDER.indexOf(to.label) - LABEL_ORDER.indexOf(from.label);
  const extra = (to.v - from.v) / Math.max(1, pitch) - steps;
  return Math.max(-0.6, 0.2 - Math.abs(extra) * (extra < 0 ? 0.45 : 0.25));
}
