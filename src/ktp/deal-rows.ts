import { contentScore } from './content.ts';
import type { Label, RowLabel } from './labels.ts';
import type { Span } from './spans.ts';

/** A label that rows can be dealt to, with the row (pixels) where it is expected. */
export interface Place {
  /** Undefined above the first label: nothing is dealt there. */
  readonly label: RowLabel | undefined;
  readonly v: number;
}

interface Deal {
  readonly score: number;
  readonly choices: readonly number[];
  /** The last row that was dealt, pixels. */
  readonly v: number;
}

const WRAPPABLE: ReadonlySet<Label> = new Set<Label>(['nama', 'lahir', 'alamat', 'kel_desa', 'kecamatan', 'pekerjaan']);
/** A wrapped line follows its value's first one at about one row's distance. */
const WRAP_PITCHES = 1.5;
const DROPPED = -0.15;

/**
 * For each row (top to bottom) the index of its place, never going back up; -1 drops a row that suits nothing. The
 * first place is the label above, whose value the rows may continue. `pitch` is the distance of the card's rows.
 */
export function dealRows(
  rows: readonly (readonly Span[])[],
  places: readonly Place[],
  pitch: number,
): readonly number[] {
  let states: (Deal | undefined)[] = [{ score: 0, choices: [], v: places[0]?.v ?? 0 }];
  for (const row of rows) {
    const text = row.map((span) => span.text).join(' ');
    const v = row[0]?.v ?? 0;
    const next: (Deal | undefined)[] = [];
    for (const [last, state] of states.entries()) {
      if (!state) continue;
      offer(next, last, { score: state.score + DROPPED, choices: [...state.choices, -1], v: state.v });
      for (let choice = last; choice < places.length; choice += 1) {
        const place = places[choice];
        if (place?.label === undefined) continue;
        const gain =
          choice === last
            ? continuationScore(place.label, v - state.v, pitch)
            : contentScore(place.label, text) + positionScore(v - place.v, pitch);
        offer(next, choice, { score: state.score + gain, choices: [...state.choices, choice], v });
      }
    }
    states = next;
  }
  let best: Deal | undefined;
  for (const state of states) if (state && (!best || state.score > best.score)) best = state;
  return best?.choices ?? [];
}

function offer(states: (Deal | undefined)[], last: number, deal: Deal): void {
  const current = states[last];
  if (!current || deal.score > current.score) states[last] = deal;
}

function continuationScore(label: RowLabel, distance: number, pitch: number): number {
  if (distance > WRAP_PITCHES * pitch) return -0.8;
  return WRAPPABLE.has(label) ? 0.25 : -0.3;
}

/** 0.2 on the expected row, nothing two thirds of a row away, -0.5 at most. */
function positionScore(distance: number, pitch: number): number {
  return Math.max(-0.5, 0.2 - (0.3 * Math.abs(distance)) / Math.max(1, pitch));
}
