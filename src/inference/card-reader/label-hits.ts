import { type Label, matchLabel } from '../../ktp/layout/labels.ts';
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
    const glyphs = line.characters.map(({ text, confidence, position }) => ({
      text: foldCharacter(text),
      confidence,
      position,
      u: position,
      v: 0,
    }));
    const match = matchLabel(glyphs);
    if (match) hits.push({ label: match.label, line, quality: match.quality });
  }
  return hits;
}
