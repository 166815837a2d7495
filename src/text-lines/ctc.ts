import type { Emissions, RecognisedCharacter } from './text-line.ts';

export interface DecodedText {
  readonly text: string;
  /** Mean of the characters' confidences, 0-1; 0 for an empty text. */
  readonly confidence: number;
  readonly characters: readonly RecognisedCharacter[];
}

/**
 * Greedy CTC decoding (Graves 2006): the best column of each time step, repeats merged, blanks dropped. With an
 * alphabet only its characters (and the blank) take part, and their probabilities are taken against each other, so a
 * line of digits can be decoded as digits. A character's confidence is its best step's probability.
 */
export function decodeEmissions(emissions: Emissions, alphabet?: ReadonlySet<string>): DecodedText {
  const { characters: columns, steps, probabilities } = emissions;
  const allowed = columns.flatMap((text, column) => (column === 0 || !alphabet || alphabet.has(text) ? [column] : []));
  const read: { text: string; confidence: number; position: number }[] = [];
  let previous = 0;
  for (let step = 0; step < steps; step++) {
    const row = step * columns.length;
    let best = 0;
    let bestProbability = -1;
    let sum = 0;
    for (const column of allowed) {
      const probability = probabilities[row + column] ?? 0;
      sum += probability;
      if (probability > bestProbability) {
        bestProbability = probability;
        best = column;
      }
    }
    const confidence = sum > 0 ? Math.min(1, bestProbability / (alphabet ? sum : 1)) : 0;
    const last = read.at(-1);
    if (best !== 0 && best === previous && last) last.confidence = Math.max(last.confidence, confidence);
    else if (best !== 0) read.push({ text: columns[best] ?? '', confidence, position: (step + 0.5) / steps });
    previous = best;
  }
  const total = read.reduce((sum, character) => sum + character.confidence, 0);
  return {
    text: read.map((character) => character.text).join(''),
    confidence: read.length > 0 ? total / read.length : 0,
    characters: read,
  };
}
