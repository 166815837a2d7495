import type { Emissions, Point, TextLine } from '../../text-lines/text-line.ts';

/** The part of a line up to a share (0-1) of its length: its characters, its place, and what the recogniser saw there. */
export function cutLine(line: TextLine, share: number): TextLine {
  const kept = line.characters.filter(({ position }) => position < share);
  const end = kept.findLastIndex(({ text }) => text.trim() !== '') + 1;
  const characters = kept.slice(0, end).map((character) => ({ ...character, position: character.position / share }));
  const [topLeft, topRight, bottomRight, bottomLeft] = line.quad;
  const between = (from: Point, to: Point): Point => ({
    x: from.x + (to.x - from.x) * share,
    y: from.y + (to.y - from.y) * share,
  });
  return {
    ...line,
    text: characters.map(({ text }) => text).join(''),
    confidence: characters.reduce((sum, { confidence }) => sum + confidence, 0) / Math.max(1, characters.length),
    characters,
    quad: [topLeft, between(topLeft, topRight), between(bottomLeft, bottomRight), bottomLeft],
    ...(line.emissions ? { emissions: cutEmissions(line.emissions, share) } : {}),
  };
}

function cutEmissions({ characters, probabilities, steps }: Emissions, share: number): Emissions {
  const kept = Math.max(1, Math.round(steps * share));
  return { characters, steps: kept, probabilities: probabilities.subarray(0, kept * characters.length) };
}
