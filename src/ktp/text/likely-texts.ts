import type { Emissions } from '../../text-lines/text-line.ts';

/** A text that the recogniser's probabilities may mean. */
export interface LikelyText {
  readonly text: string;
  /** Log-probability (nats), summed over all alignments; comparable within one answer only. */
  readonly nats: number;
}

export interface BeamOptions {
  /** Characters that can stand there; probabilities are then taken against each other. Default: all. */
  readonly alphabet?: ReadonlySet<string>;
  /** Whether a text can be the beginning of what is looked for. Default: any. */
  readonly canBegin?: (text: string) => boolean;
}

/** Texts that are followed at the same time. */
const WIDTH = 24;
/** A character with less than this at a step is not followed there. */
const LEAST = 5e-4;

/** A text so far, with the probabilities of its alignments that end in a blank and in its last character. */
interface Prefix {
  readonly text: string;
  /** Column of the last character, 0 for none. */
  readonly last: number;
  blank: number;
  label: number;
}

/**
 * The texts that emissions most likely mean, the likeliest first, at most `WIDTH`: a prefix beam search (Graves 2012)
 * that follows only what `canBegin` allows, so that the grammar takes part in the search.
 */
export function likelyTexts(emissions: Emissions, { alphabet, canBegin }: BeamOptions = {}): LikelyText[] {
  const { characters, probabilities, steps } = emissions;
  const allowed = characters.flatMap((text, column) =>
    column > 0 && (!alphabet || alphabet.has(text)) ? [column] : [],
  );
  let beam: Prefix[] = [{ text: '', last: 0, blank: 1, label: 0 }];
  let scale = 0;
  for (let step = 0; step < steps; step += 1) {
    const row = probabilities.subarray(step * characters.length, (step + 1) * characters.length);
    const sum = alphabet ? allowed.reduce((total, column) => total + (row[column] ?? 0), row[0] ?? 0) : 1;
    const share = (column: number): number => (sum > 0 ? (row[column] ?? 0) / sum : Number(column === 0));
    const seen = allowed.filter((column) => share(column) >= LEAST);
    const next = new Map<string, Prefix>();
    const at = (text: string, last: number): Prefix => {
      const known = next.get(text) ?? { text, last, blank: 0, label: 0 };
      next.set(text, known);
      return known;
    };
    for (const { blank, label, last, text } of beam) {
      const same = at(text, last);
      same.blank += (blank + label) * Math.max(LEAST, share(0));
      if (last > 0) same.label += label * share(last);
      for (const column of seen) {
        // The same character again is another one only behind a blank.
        const reach = column === last ? blank : blank + label;
        const longer = text + characters[column];
        if (reach > 0 && canBegin?.(longer) !== false) at(longer, column).label += reach * share(column);
      }
    }
    beam = [...next.values()].sort((p, q) => q.blank + q.label - (p.blank + p.label)).slice(0, WIDTH);
    const best = beam[0] ? beam[0].blank + beam[0].label : 0;
    if (best === 0) return [];
    scale += Math.log(best);
    for (const prefix of beam) {
      prefix.blank /= best;
      prefix.label /= best;
    }
  }
  return beam
    .filter(({ blank, label }) => blank + label > 0)
    .map(({ blank, label, text }) => ({ text, nats: scale + Math.log(blank + label) }));
}
