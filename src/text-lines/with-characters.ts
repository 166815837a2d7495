import type { RecognisedCharacter, TextLine } from './text-line.ts';

/** A line with other characters, and the text that they make. */
export function withCharacters(line: TextLine, characters: readonly RecognisedCharacter[]): TextLine {
  return { ...line, characters, text: characters.map(({ text }) => text).join('') };
}
