import { digitOf, onlyDigits } from './digits.ts';
import type { Slot } from './layout.ts';
import { characterEvidence, type Reading, solidGlyphs, textOf, unread, valueSpans } from './reading.ts';

/** The NIK as read: digits, lookalikes taken for digits, a stray mark at either end dropped. Never more than it saw. */
export function readNik(slot: Slot | undefined): Reading {
  const spans = slot ? valueSpans(slot.rows) : [];
  const raw = textOf(spans);
  const digits = onlyDigits(raw);
  if (digits.length < 8) return unread();
  const glyphs = solidGlyphs(spans);
  const mended = glyphs.filter(({ glyph }) => digitOf(glyph.text) !== glyph.text).length;
  const value = trimToSixteen(digits, raw);
  const evidence = {
    ...characterEvidence(spans, slot?.labelQuality ?? 0),
    oddCharacters: mended,
    listed: value.length === 16,
  };
  return { value, raw, spans, source: 'ocr', warnings: mended > 0 ? ['normalised'] : [], evidence };
}

/** A colon in front is at times read as a digit-like stroke. */
function trimToSixteen(digits: string, raw: string): string {
  if (digits.length === 17 && /^[^0-9]/.test(raw)) return digits.slice(1);
  return digits;
}
