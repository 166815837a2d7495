import { digitOf } from './digits.ts';
import { characterEvidence, type Reading, textOf, unread, valueSpans } from './reading.ts';
import type { Slot } from './slot.ts';

/** RT and RW: two numbers of up to three digits, the slash possibly lost or misread. */
export function readNeighbourhood(slot: Slot | undefined): { rt: Reading; rw: Reading } {
  const spans = slot ? valueSpans(slot.rows) : [];
  const raw = textOf(spans);
  if (raw === '') return { rt: unread(), rw: unread() };
  const evidence = characterEvidence(spans, slot?.labelQuality ?? 0);
  const parts = splitNeighbourhood(raw);
  if (!parts) return { rt: { ...unread('malformed'), raw, spans }, rw: { ...unread('malformed'), raw, spans } };
  const reading = (value: string): Reading => ({
    value: value.padStart(3, '0'),
    raw,
    spans,
    source: 'ocr',
    warnings: parts.mended ? ['normalised'] : [],
    evidence: { ...evidence, listed: value.length === 3, oddCharacters: parts.mended ? 1 : 0 },
  });
  // Both are printed with as many digits: of a shorter one the rest could not be read.
  const incomplete: Reading = { ...unread('incomplete'), raw, spans };
  const { rt, rw } = parts;
  return {
    rt: rt.length < rw.length ? incomplete : reading(rt),
    rw: rw.length < rt.length ? incomplete : reading(rw),
  };
}

function splitNeighbourhood(raw: string): { rt: string; rw: string; mended: boolean } | undefined {
  // Three digits, a slash and three digits are the value whatever strokes stand beside them.
  const clear = raw.match(/(?<!\d)\d{3} ?\/ ?\d{3}(?!\d)/g);
  const compact = (clear?.length === 1 ? (clear[0] ?? raw) : raw).replace(/[\s.,:;']/g, '');
  const halves = compact.split(/[/\\|-]+/).filter((half) => half !== '');
  const digits = halves.map((half) => [...half].map((character) => digitOf(character) ?? 'x').join(''));
  const [rt, rw] = digits;
  if (rt !== undefined && rw !== undefined && digits.length === 2 && /^\d{1,3}$/.test(rt) && /^\d{1,3}$/.test(rw)) {
    return { rt, rw, mended: !/^\d{3}\/\d{3}$/.test(compact) };
  }
  // The slash was lost (six digits) or read as a digit (seven, with a 1 or 7 in the middle).
  const [whole] = digits;
  if (digits.length !== 1 || whole === undefined) return undefined;
  if (/^\d{6}$/.test(whole)) return { rt: whole.slice(0, 3), rw: whole.slice(3), mended: true };
  if (/^\d{3}[17]\d{3}$/.test(whole)) return { rt: whole.slice(0, 3), rw: whole.slice(4), mended: true };
  return undefined;
}
