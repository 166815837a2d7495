import { type Label, type LabelMatch, matchLabel } from '../../ktp/layout/labels.ts';
import { foldCharacter } from '../../ktp/text/spans.ts';
import type { TextLine } from '../../text-lines/text-line.ts';

export interface LabelHit {
  readonly label: Label;
  readonly line: TextLine;
  /** 0-1. */
  readonly quality: number;
}

/** Lines that begin with a label of a KTP. */
export function findLabelHits(lines: readonly TextLine[]): LabelHit[] {
  const hits: LabelHit[] = [];
  for (const line of lines) {
    const match = matchOf(line.characters);
    if (match) hits.push({ label: match.label, line, quality: match.quality });
  }
  return hits;
}

/** What lines begin with, by their characters: a card's lines are looked through each time that its page moves. */
const matches = new WeakMap<TextLine['characters'], LabelMatch | null>();

function matchOf(characters: TextLine['characters']): LabelMatch | null {
  const known = matches.get(characters);
  if (known !== undefined) return known;
  const glyphs = characters.map(({ text, confidence, position }) => ({
    text: foldCharacter(text),
    confidence,
    position,
    u: position,
    v: 0,
  }));
  const match = matchLabel(glyphs) ?? null;
  matches.set(characters, match);
  return match;
}
