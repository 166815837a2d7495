import { digitOf } from '../rules/digits.ts';
import { substitutionCost } from '../rules/edit-distance.ts';
import { type EmissionTrack, trackOf } from './emission-track.ts';
import type { Glyph, Span } from './spans.ts';

/** How well texts fit what was seen, in nats relative to each other; comparable for one value only. */
export interface Fit {
  /** 0 or less for the best text, more negative the worse a text fits. */
  of(text: string): number;
  readonly track: EmissionTrack | undefined;
}

/** Fit by the recogniser's probabilities, or by a model of common confusions where a line came without them. */
export function fitOf(spans: readonly Span[]): Fit {
  const track = trackOf(spans);
  if (track) return { of: (text) => track.logLikelihood(text), track };
  const glyphs: Glyph[] = [];
  for (const [index, span] of spans.entries()) {
    if (index > 0) glyphs.push({ text: ' ', confidence: 0.5, u: span.left, v: span.v, position: 0 });
    glyphs.push(...span.glyphs);
  }
  return { of: (text) => -confusionCost(glyphs, text), track: undefined };
}

/** Cheapest edit of the read glyphs into a text, each edit costing what its glyph's confidence makes of it (nats). */
function confusionCost(glyphs: readonly Glyph[], text: string): number {
  let previous: number[] = [0];
  for (let column = 1; column <= text.length; column += 1) {
    previous[column] = (previous[column - 1] ?? 0) + insertionCost(text[column - 1] ?? '');
  }
  for (const glyph of glyphs) {
    const doubt = -Math.log(Math.min(0.5, Math.max(0.002, 1 - glyph.confidence)));
    // A separator in front of a value is at times read as a stroke of it.
    const dropped = doubt + (glyph.text === ' ' ? 0.5 : glyph === glyphs[0] ? 0.8 : 3);
    const current: number[] = [(previous[0] ?? 0) + dropped];
    for (let column = 1; column <= text.length; column += 1) {
      const wanted = text[column - 1] ?? '';
      current[column] = Math.min(
        (previous[column - 1] ?? 0) + swapCost(glyph, wanted, doubt),
        (previous[column] ?? 0) + dropped,
        (current[column - 1] ?? 0) + insertionCost(wanted),
      );
    }
    previous = current;
  }
  return previous[text.length] ?? 0;
}

function swapCost(glyph: Glyph, wanted: string, doubt: number): number {
  const read = glyph.text.toUpperCase();
  if (read === wanted) return 0;
  if (wanted >= '0' && wanted <= '9' && digitOf(glyph.text) === wanted) return 0.5;
  return doubt + (substitutionCost(read, wanted) < 1 ? 1.2 : 3.5);
}

function insertionCost(character: string): number {
  return character === ' ' ? 2.5 : 5.5;
}
