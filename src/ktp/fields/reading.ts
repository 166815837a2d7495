import type { Field } from '../schema.ts';
import type { Span } from '../text/spans.ts';
import type { Warning } from '../warnings.ts';

/** A field while it is being read: its value, where it came from, and what speaks for and against it. */
export interface Reading {
  readonly value: string | null;
  readonly raw: string | null;
  readonly spans: readonly Span[];
  readonly source: Field['source'];
  readonly warnings: readonly Warning[];
  readonly evidence: Evidence;
}

/** What the confidence is made of. */
export interface Evidence {
  /** Least and mean confidence of the characters that the value was read from, 0-1. */
  readonly leastCharacter: number;
  readonly meanCharacter: number;
  /** 0-1; 0 where the label was not read. */
  readonly labelQuality: number;
  /** Weighted edits between reading and value, a character of the value. */
  readonly snapShare: number;
  /** Whether the value is of a closed list or form that it matched. */
  readonly listed: boolean;
  /** Whether the value is also a part of another entry of its list (KAWIN of BELUM KAWIN). */
  readonly partOfAnother: boolean;
  /** Other readings on the card that agree (1), say nothing (0) or contradict (-1). */
  readonly agreement: -1 | 0 | 1;
  /** Marks in the text that a value of this kind does not have. */
  readonly oddCharacters: number;
  /** Whether a part of the value seems to be missing: it reaches the edge that cuts the text, or has a gap. */
  readonly cut: boolean;
  /** Whether what is printed beside it could not be read. */
  readonly nextToLoss: boolean;
}

export const NO_EVIDENCE: Evidence = {
  leastCharacter: 0,
  meanCharacter: 0,
  labelQuality: 0,
  snapShare: 0,
  listed: false,
  partOfAnother: false,
  agreement: 0,
  oddCharacters: 0,
  cut: false,
  nextToLoss: false,
};

/** A field that could not be read. */
export function unread(...warnings: Warning[]): Reading {
  return { value: null, raw: null, spans: [], source: 'ocr', warnings, evidence: NO_EVIDENCE };
}

/** Evidence of the characters of spans. */
export function characterEvidence(spans: readonly Span[], labelQuality: number): Evidence {
  const confidences = spans.flatMap((span) =>
    span.glyphs.filter((glyph) => glyph.text !== ' ').map((glyph) => glyph.confidence),
  );
  if (confidences.length === 0) return { ...NO_EVIDENCE, labelQuality };
  return {
    ...NO_EVIDENCE,
    labelQuality,
    leastCharacter: Math.min(...confidences),
    meanCharacter: confidences.reduce((sum, value) => sum + value, 0) / confidences.length,
  };
}

/** A reading marked as cut where one of its spans reaches the edge that breaks off the text. */
export function markCut(reading: Reading, edge: number | undefined): Reading {
  if (edge === undefined || !reading.spans.some((span) => edge - span.right < 0.5 * span.height)) return reading;
  return { ...reading, warnings: [...reading.warnings, 'cut'], evidence: { ...reading.evidence, cut: true } };
}

/** A reading marked where a stretch of its text seems to be missing; a value that is whole by its list is not. */
export function markGap(reading: Reading, gap: boolean | undefined): Reading {
  const { listed, snapShare, partOfAnother } = reading.evidence;
  if (gap !== true || reading.value === null || (listed && snapShare === 0 && !partOfAnother)) return reading;
  return { ...reading, warnings: [...reading.warnings, 'gap'], evidence: { ...reading.evidence, cut: true } };
}

/** A reading beside one that was lost. */
export function markBeside(reading: Reading): Reading {
  if (reading.value === null || reading.evidence.listed) return reading;
  return { ...reading, evidence: { ...reading.evidence, nextToLoss: true } };
}

/** A reading that another one on the card bears out. */
export function agreeingReading(reading: Reading): Reading {
  if (reading.value === null) return reading;
  return { ...reading, evidence: { ...reading.evidence, agreement: 1 } };
}

/** A reading that another one on the card contradicts, without telling which is wrong. */
export function contradictedReading(reading: Reading, warning: Warning): Reading {
  const warnings: Warning[] = [...reading.warnings, warning];
  return { ...reading, warnings, evidence: { ...reading.evidence, agreement: -1 } };
}

/** A value that was read but changed because other readings tell that it was misread. */
export function repairedReading(reading: Reading, value: string, warning: Warning): Reading {
  const warnings: Warning[] = [...reading.warnings, warning];
  return { ...reading, value, source: 'derived', warnings, evidence: { ...reading.evidence, agreement: 1 } };
}
