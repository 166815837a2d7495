import type { Slot } from '../layout/slot.ts';
import { textOf, valueSpans } from '../layout/value-spans.ts';
import { digitOf } from '../rules/digits.ts';
import { fitOf } from '../text/fit.ts';
import type { Span } from '../text/spans.ts';
import type { Warning } from '../warnings.ts';
import { characterEvidence, type Reading, unread } from './reading.ts';

/** RT and RW: two numbers of up to three digits, the slash possibly lost or misread. */
export function readNeighbourhood(slot: Slot | undefined): { rt: Reading; rw: Reading } {
  const spans = slot ? valueSpans(slot.rows) : [];
  const raw = textOf(spans);
  if (raw === '') return { rt: unread(), rw: unread() };
  const evidence = characterEvidence(spans, slot?.labelQuality ?? 0);
  const parts = withLeadingZeros(splitNeighbourhood(raw) ?? (slot?.gap ? secondNumber(raw) : undefined), raw, spans);
  if (!parts) return { rt: { ...unread('malformed'), raw, spans }, rw: { ...unread('malformed'), raw, spans } };
  const warnings: Warning[] = [];
  if (parts.normalised) warnings.push('normalised');
  if (parts.repaired) warnings.push('repaired');
  const reading = (value: string): Reading => ({
    value: value.padStart(3, '0'),
    raw,
    spans,
    source: 'ocr',
    warnings,
    evidence: {
      ...evidence,
      listed: value.length === 3,
      oddCharacters:
        (parts.normalised ? 1 : 0) +
        (parts.repaired || parts.stamped || parts.behindHidden ? 2 : 0) +
        (value.startsWith('0') ? 0 : 1),
    },
  });
  // Of one that is shorter than the three digits of the other, the rest could not be read; "5/10" is printed so.
  const incomplete: Reading = { ...unread('incomplete'), raw, spans };
  const { rt, rw } = parts;
  const part = (own: string, other: string): Reading => {
    if (own === '') return { ...unread(), raw, spans };
    return own.length < other.length && (other.length === 3 || own.startsWith('0')) ? incomplete : reading(own);
  };
  return { rt: part(rt, rw), rw: part(rw, rt) };
}

interface Parts {
  readonly rt: string;
  readonly rw: string;
  /** Whether the text was not plainly two numbers with a slash. */
  readonly normalised: boolean;
  readonly repaired?: boolean;
  /** Whether letters stand beside the numbers: of a stamp, which may lie over the numbers, too. */
  readonly stamped?: boolean;
  /** Whether nothing is left of the first number: what lies over it may reach into the second. */
  readonly behindHidden?: boolean;
}

/** Nats by which a zero in front may fit worse than the digit that was read: hardly any RT or RW is above 99. */
const ZERO_COST = 4.5;

/** Takes a zero for the first of three digits where the recogniser saw one nearly as well. */
function withLeadingZeros(parts: Parts | undefined, raw: string, spans: readonly Span[]): Parts | undefined {
  const plain = /^(\d{3}) ?\/ ?(\d{3})$/.exec(raw);
  if (!parts || !plain) return parts;
  const fit = fitOf(spans);
  const read = fit.of(raw);
  const zeroed = (half: string, start: number): string => {
    if (half.startsWith('0')) return half;
    const candidate = `${raw.slice(0, start)}0${raw.slice(start + 1)}`;
    return read - fit.of(candidate) <= ZERO_COST ? `0${half.slice(1)}` : half;
  };
  const rt = zeroed(parts.rt, 0);
  const rw = zeroed(parts.rw, raw.length - 3);
  return rt === parts.rt && rw === parts.rw ? parts : { ...parts, rt, rw, repaired: true };
}

/** The two numbers of a text, or undefined where it holds no such pair. */
export function splitNeighbourhood(raw: string): Parts | undefined {
  // Three digits, a slash and three digits are the value whatever strokes stand beside them.
  const clear = raw.match(/(?<!\d)\d{3} ?\/ ?\d{3}(?!\d)/g);
  const compact = (clear?.length === 1 ? (clear[0] ?? raw) : raw).replace(/[\s.,:;']/g, '');
  const halves = compact.split(/[/\\|-]+/).filter((half) => half !== '');
  const digits = halves.map((half) => [...half].map((character) => digitOf(character) ?? 'x').join(''));
  const [rt, rw] = digits;
  if (rt !== undefined && rw !== undefined && digits.length === 2 && /^\d{1,3}$/.test(rt) && /^\d{1,3}$/.test(rw)) {
    const stamped = clear !== null && /[A-Z]/i.test(raw);
    return { rt, rw, normalised: stamped || !/^\d{3}\/\d{3}$/.test(compact), stamped };
  }
  // Cards without an RW print "003/-" or "003/".
  const alone = /^(\d{1,3})[/\\]-*$/.exec(compact)?.[1];
  if (alone !== undefined) return { rt: alone, rw: '', normalised: false };
  // The slash was lost (six digits), or read as a digit (seven, with a 1 or 7 in the middle) or as a letter.
  const [whole] = digits;
  if (digits.length !== 1 || whole === undefined) return undefined;
  if (/^\d{6}$/.test(whole)) return { rt: whole.slice(0, 3), rw: whole.slice(3), normalised: true };
  if (/^\d{3}[17x]\d{3}$/.test(whole)) return { rt: whole.slice(0, 3), rw: whole.slice(4), normalised: true };
  return undefined;
}

/** The second number of a text whose beginning is hidden: of "003/014" may be left "/014", its slash read as a stroke, or "014". */
function secondNumber(raw: string): Parts | undefined {
  const rw = /^[^0-9]*[/\\|17I]?(\d{3})$/.exec(raw.replace(/[\s.,:;']/g, ''))?.[1];
  return rw === undefined ? undefined : { rt: '', rw, normalised: true, behindHidden: true };
}
