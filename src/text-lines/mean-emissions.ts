import type { Emissions } from './text-line.ts';

/**
 * The mean of what the recogniser says of one place in several renderings, step by step: what they agree on stays sure,
 * what they differ in is doubtful. All must have the same steps; null where they have not.
 */
export function meanEmissions(all: readonly Emissions[]): Emissions | null {
  const [first] = all;
  if (
    !first ||
    all.some(({ steps, probabilities }) => steps !== first.steps || probabilities.length !== first.probabilities.length)
  )
    return null;
  const probabilities = new Float32Array(first.probabilities.length);
  for (const each of all) {
    for (let at = 0; at < probabilities.length; at++) {
      probabilities[at] = (probabilities[at] as number) + (each.probabilities[at] as number) / all.length;
    }
  }
  return { characters: first.characters, steps: first.steps, probabilities };
}
