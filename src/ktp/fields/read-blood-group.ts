import type { Slot } from '../layout/slot.ts';
import { textOf, valueSpans } from '../layout/value-spans.ts';
import { complete, plainText, snap } from '../rules/snap.ts';
import { BLOOD_GROUPS } from '../rules/vocabulary.ts';
import { fitOf } from '../text/fit.ts';
import type { Span } from '../text/spans.ts';
import { characterEvidence, NO_EVIDENCE, type Reading, unread } from './reading.ts';

const GROUPS: readonly string[] = BLOOD_GROUPS;

/** Nats by which a group may fit worse than what was read, and by which it must beat the next one. */
const ALLOWED_COST = 9;
const LEAST_MARGIN = 1.5;
/** Quality of a label that was read without a fault. */
const CLEAR_LABEL = 0.75;

/**
 * A B AB O, each with + or -, "-" or TIDAK TAHU; 0 read as O, 8 as B, any dash as "-". Cards print "-" where the group
 * is not known, a stroke that detectors often pass over: where the label was read and nothing stands behind it, "-" is
 * derived, with `derived_from_blank`, and with more confidence where the colon was read too.
 */
export function readBloodGroup(slot: Slot | undefined): Reading {
  const spans = slot ? valueSpans(slot.rows) : [];
  const quality = slot?.labelQuality ?? 0;
  if (spans.length === 0) {
    if (quality < CLEAR_LABEL) return unread();
    const evidence = { ...NO_EVIDENCE, labelQuality: quality, listed: slot?.colon === true };
    return { ...unread('derived_from_blank'), value: '-', source: 'derived', evidence };
  }
  const [first] = spans;
  return readGroup(spans, quality) ?? (first && readGroup([first], quality)) ?? unlisted(spans, quality);
}

function readGroup(spans: readonly Span[], labelQuality: number): Reading | undefined {
  const raw = textOf(spans);
  const value = foldedGroup(raw) ?? fittingGroup(raw, spans);
  if (value === undefined) return undefined;
  const changed = value !== plainText(raw);
  const evidence = {
    ...characterEvidence(spans, labelQuality),
    snapShare: changed && !isRoundO(value, raw) ? 0.5 : 0,
    listed: true,
    oddCharacters: hasRival(value, spans) ? 3 : 0,
  };
  return { value, raw, spans, source: 'ocr', warnings: changed ? ['snapped'] : [], evidence };
}

/**
 * Whether nothing but an O was read as a nought, the same ring to a recogniser. No group has a digit: what else it may be
 * is told by its rivals.
 */
function isRoundO(value: string, raw: string): boolean {
  return plainText(raw).replace(/0/g, 'O') === value;
}

/** Whether another group fits nearly as well: a sign that is hardly seen, an O that may be a D. */
function hasRival(value: string, spans: readonly Span[]): boolean {
  const fit = fitOf(spans);
  if (!fit.track) return false;
  const own = fit.of(value);
  return GROUPS.some((group) => group !== value && own - fit.of(group) < RIVAL_COST);
}

const RIVAL_COST = 4;

function unlisted(spans: readonly Span[], labelQuality: number): Reading {
  const evidence = characterEvidence(spans, labelQuality);
  return { value: null, raw: textOf(spans), spans, source: 'ocr', warnings: ['not_in_list'], evidence };
}

function foldedGroup(raw: string): string | undefined {
  const folded = plainText(raw)
    .replace(/[~=_]/g, '-')
    .replace(/[^A-Z0-9+ -]/g, '')
    .replace(/[0QD](?!AK)/g, 'O')
    .replace(/8/g, 'B')
    .replace(/4/g, 'A');
  const compact = folded.replace(/ /g, '').replace(/-{2,}/g, '-');
  if (GROUPS.includes(compact)) return compact;
  return snap(folded, ['TIDAK TAHU'])?.value ?? complete(folded, ['TIDAK TAHU'], true);
}

/** The group that the recogniser's probabilities bear out where the text is none. */
function fittingGroup(raw: string, spans: readonly Span[]): string | undefined {
  if (raw.length > 4) return undefined;
  const fit = fitOf(spans);
  if (!fit.track) return undefined;
  const read = fit.of(plainText(raw));
  const ranked = GROUPS.map((group) => ({ group, cost: read - fit.of(group) })).sort((a, b) => a.cost - b.cost);
  const [best, second] = ranked;
  if (!best || !second || best.cost > ALLOWED_COST || second.cost - best.cost < LEAST_MARGIN) return undefined;
  return best.group;
}
