import type { TextLine } from '../../text-lines/text-line.ts';

/**
 * How much of some lines is read, and how surely: characters, each by the square of its line's confidence, since half-read
 * words still have half-sure letters.
 */
export function legibilityOf(lines: readonly TextLine[]): number {
  return lines.reduce((sum, { characters, confidence }) => sum + confidence ** 2 * characters.length, 0);
}
