import type { Slot } from '../layout/slot.ts';
import { behindColon, textOf, valueSpans } from '../layout/value-spans.ts';
import { bareText, complete, isFragment, plainText, type Snap, snap } from '../rules/snap.ts';
import { canonicalValue, LIFELONG, RARE } from '../rules/vocabulary.ts';
import { fitOf } from '../text/fit.ts';
import { BROKEN_SHARE, charactersOfLead, LEAST_LEAD, likeliestEntry } from '../text/likeliest-entry.ts';
import type { Span } from '../text/spans.ts';
import type { Warning } from '../warnings.ts';
import { readDate } from './read-date.ts';
import { characterEvidence, type Reading, unread } from './reading.ts';
import { namesEndingIn } from './whole-of-tail.ts';

/** Nats by which an entry may fit worse than what was read: much in a closed list, less in one that is not. */
const CLOSED_COST = 40;
const OPEN_COST = 6;
const OPEN_COST_A_CHARACTER = 0.8;
const OPEN_COST_LIMIT = 20;
/** The same where no entry looks like the reading and the probabilities alone must tell, and the lead they must give. */
const FITTING_COST = 4;
const FITTING_COST_A_CHARACTER = 2.5;
const FITTING_MARGIN = 2.5;
const FAVOUR = 4;
/** Blanks and punctuation alone. */
const LIGHT_EDITS = 0.6;

export interface ListedOptions {
  /** Whether other values are all but impossible. Default false: an unknown value of whole words stays. */
  readonly closed?: boolean;
  /** The entry of nearly every card: worth `FAVOUR` nats where the probabilities alone must tell. */
  readonly common?: string;
  /** Whether a stamp or words lie over the card, which may stand behind a value. Default false. */
  readonly isCovered?: boolean;
}

/**
 * A value out of a list. A reading near one entry alone takes it (`snapped`), or is a part of one entry alone
 * (`completed`); a part of several is null with its `raw` (`incomplete`); any other stays as it is (`not_in_list`).
 */
export function readListed(slot: Slot | undefined, entries: readonly string[], options: ListedOptions = {}): Reading {
  const spans = slot ? behindColon(valueSpans(slot.rows)) : [];
  const raw = textOf(spans);
  if (raw === '') return unread();
  const evidence = characterEvidence(spans, slot?.labelQuality ?? 0);
  const known = (entry: string, distance: number, warnings: readonly Warning[]): Reading => {
    const snapShare = distance / Math.max(1, entry.length);
    const value = canonicalValue(entry);
    const partOfAnother = entries.some((other) => other.length > entry.length && other.includes(entry));
    const whole = { ...evidence, snapShare, listed: true, partOfAnother };
    return { value, raw, spans, source: 'ocr', warnings, evidence: whole };
  };
  const plain = plainText(raw);
  if (entries.includes(plain)) return known(plain, 0, []);
  const bare = bareText(plain);
  const spaced = bare === '' ? undefined : entries.find((entry) => bareText(entry) === bare);
  if (spaced !== undefined) return known(spaced, LIGHT_EDITS / 2, ['snapped']);
  const broken = likeliestEntry(spans, entries, (entry) => favourOf(entry, options));
  if (broken && broken.margin >= LEAST_LEAD) {
    const reading = known(broken.entry, BROKEN_SHARE * broken.entry.length, ['snapped']);
    return { ...reading, evidence: { ...reading.evidence, ...charactersOfLead(broken.margin) } };
  }
  // Of pieces a part of a value is read as another one: BE AWI is no KAWIN.
  if (broken && snap(plain, entries)?.value !== broken.entry) return { ...unread('incomplete'), raw, spans };
  const completed = complete(plain, entries, options.closed === true);
  if (completed !== undefined) {
    const missing = 0.5 * (completed.length - plain.length);
    return known(completed, missing + headDoubt(bare, completed, entries), ['completed']);
  }
  const whole = slot?.gap ? wholeOfEnd(plain, entries) : undefined;
  if (whole !== undefined) return known(whole, FITTED_SHARE * whole.length, ['completed']);
  const near = nearestFitting(plain, entries, spans, options.closed === true);
  if (near) return known(near.value, near.distance, near.distance > 0 ? ['snapped'] : []);
  const mayLead = options.closed || (options.isCovered && FOREIGN_WORD.test(plain));
  const leading = mayLead ? leadingEntry(plain, entries) : undefined;
  if (leading !== undefined) return known(leading, FITTED_SHARE * leading.length, ['snapped']);
  const fitting = options.closed ? bestFitting(plain, entries, spans, options.common) : undefined;
  if (fitting !== undefined) return known(fitting, FITTED_SHARE * fitting.length, ['snapped']);
  if (options.closed && isFragment(plain, entries)) return { ...unread('incomplete'), raw, spans };
  return { value: plain, raw, spans, source: 'ocr', warnings: ['not_in_list'], evidence };
}

/** The one entry that ends with a text inside a word: its beginning is hidden (RU of GURU). */
function wholeOfEnd(plain: string, entries: readonly string[]): string | undefined {
  if (!/^[A-Z]{2,}/.test(plain)) return undefined;
  const wholes = namesEndingIn(plain, entries);
  const facts = new Set(wholes.map(canonicalValue));
  return facts.size === 1 ? wholes[0] : undefined;
}

/** Nats against what hardly any card prints. */
const RARE_COST = 5;

function favourOf(entry: string, { common }: ListedOptions): number {
  if (entry === common) return FAVOUR;
  return common !== undefined || RARE.has(entry) ? -RARE_COST : 0;
}

/** Edits for a lost beginning that may have been longer: AWIN is of KAWIN, or of BELUM KAWIN. */
function headDoubt(bare: string, entry: string, entries: readonly string[]): number {
  if (bareText(entry).startsWith(bare)) return 0;
  return entries.some((other) => other !== entry && other.endsWith(entry)) ? FITTED_SHARE * entry.length : 0;
}

/** The entry nearest to a reading, if what the recogniser saw bears it out. */
function nearestFitting(
  plain: string,
  entries: readonly string[],
  spans: readonly Span[],
  closed: boolean,
): Snap | undefined {
  const near = snap(plain, entries);
  if (!near || near.distance <= LIGHT_EDITS) return near;
  const open = Math.min(OPEN_COST_LIMIT, OPEN_COST + OPEN_COST_A_CHARACTER * near.value.length);
  const fit = fitOf(spans);
  return fit.of(plain) - fit.of(near.value) <= (closed ? CLOSED_COST : open) ? near : undefined;
}

/**
 * The longest entry that a reading begins with: what follows it, or is glued to it, is a stamp's or other text beside the
 * value (WNIASLINYA).
 */
function leadingEntry(plain: string, entries: readonly string[]): string | undefined {
  return entries
    .filter((entry) => plain.startsWith(`${entry} `) || (plain.startsWith(entry) && hasForeignWord(plain, entry)))
    .sort((p, q) => q.length - p.length)[0];
}

/** Whether so many letters follow an entry that no misreading of it has them. */
function hasForeignWord(plain: string, entry: string): boolean {
  return plain.slice(entry.length).replace(/[^A-Z]/g, '').length >= FOREIGN_LETTERS;
}

const FOREIGN_LETTERS = 4;
const FOREIGN_WORD = / [A-Z]{4,}$/;

/** The entry that the probabilities alone tell, for readings blurred beyond likeness. */
function bestFitting(
  plain: string,
  entries: readonly string[],
  spans: readonly Span[],
  common: string | undefined,
): string | undefined {
  const fit = fitOf(spans);
  if (!fit.track) return undefined;
  const read = fit.of(plain);
  let best: { entry: string; cost: number } | undefined;
  let second = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    if (Math.abs(entry.length - plain.length) > 2) continue;
    const cost = read - fit.of(entry) - (entry === common ? FAVOUR : 0);
    if (!best || cost < best.cost) {
      if (best && canonicalValue(best.entry) !== canonicalValue(entry)) second = best.cost;
      best = { entry, cost };
    } else if (canonicalValue(best.entry) !== canonicalValue(entry)) {
      second = Math.min(second, cost);
    }
  }
  if (!best || best.cost > FITTING_COST + FITTING_COST_A_CHARACTER * best.entry.length) return undefined;
  return second - best.cost < FITTING_MARGIN ? undefined : best.entry;
}

/** Doubt of a value that the probabilities alone told, as edits a character. */
const FITTED_SHARE = 0.3;

/** SEUMUR HIDUP or a date. */
export function readValidity(slot: Slot | undefined): Reading {
  const spans = slot ? behindColon(valueSpans(slot.rows)) : [];
  const quality = slot?.labelQuality ?? 0;
  const lifelong = readListed(slot, [LIFELONG], { closed: true });
  if (lifelong.value === LIFELONG) return lifelong;
  const date = readDate(spans, quality);
  if (date.value !== null) return date;
  // What is neither is a part of one of them.
  return lifelong.raw === null ? lifelong : { ...unread('incomplete'), raw: lifelong.raw, spans };
}
