import type { TextLine } from '../../text-lines/text-line.ts';
import type { Span } from '../text/spans.ts';

/** What stands behind a label: its rows from top to bottom, each from left to right. */
export interface Slot {
  readonly rows: readonly (readonly Span[])[];
  /** 0-1; 0 where the label was not read and the slot was told by its place and content. */
  readonly labelQuality: number;
  /** Whether the label was read up to its colon. */
  readonly colon?: boolean;
  /** The line that holds the label, where the label is not at the row's beginning. */
  readonly line?: TextLine;
  /** Whether a stretch of the value seems to be missing: a wide gap inside it, or a start right of the others'. */
  readonly gap?: boolean;
  /** Whether nothing stands on the label's own row, but below it: the value's first line was not seen. */
  readonly beginsBelow?: boolean;
}
