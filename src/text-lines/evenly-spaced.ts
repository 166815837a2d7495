import type { Quad, TextLine } from './text-line.ts';

/** A line whose text is known otherwise than by reading it: its characters stand evenly spaced. */
export function evenlySpaced(text: string, quad: Quad, confidence: number): TextLine {
  const characters = Array.from(text, (character, index) => ({
    text: character,
    confidence,
    position: (index + 0.5) / text.length,
  }));
  return { text, confidence, characters, quad };
}
