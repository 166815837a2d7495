import { pointBetween } from '../../text-lines/point-between.ts';
import type { Emissions, TextLine } from '../../text-lines/text-line.ts';
import { withCharacters } from '../../text-lines/with-characters.ts';

/** The part of a line up to a share (0-1) of its length: its characters, its place, and what the recogniser saw there. */
export function cutLine(line: TextLine, share: number): TextLine {
  const kept = line.characters.filter(({ position }) => position < share);
  const end = kept.findLastIndex(({ text }) => text.trim() !== '') + 1;
  const characters = kept.slice(0, end).map((character) => ({ ...character, position: character.position / share }));
  const [topLeft, topRight, bottomRight, bottomLeft] = line.quad;
  return {
    ...withCharacters(line, characters),
    confidence: characters.reduce((sum, { confidence }) => sum + confidence, 0) / Math.max(1, characters.length),
    quad: [topLeft, pointBetween(topLeft, topRight, share), pointBetween(bottomLeft, bottomRight, share), bottomLeft],
    ...(line.emissions ? { emissions: cutEmissions(line.emissions, share) } : {}),
  };
}

function cutEmissions({ characters, probabilities, steps }: Emissions, share: number): Emissions {
  const kept = Math.max(1, Math.round(steps * share));
  return { characters, steps: kept, probabilities: probabilities.subarray(0, kept * characters.length) };
}
