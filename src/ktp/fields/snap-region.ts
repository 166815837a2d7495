import { nearestNames, type Region } from '../rules/regions.ts';
import { bareText, complete } from '../rules/snap.ts';
import { type Fit, fitOf } from '../text/fit.ts';
import { BROKEN_SHARE, charactersOfLead, LEAST_LEAD, likeliestEntry } from '../text/likeliest-entry.ts';
import type { Reading } from './reading.ts';
import { HIDDEN_SHARE, wholeOfTail } from './whole-of-tail.ts';

/** A reading held against the names that can stand in its place. */
export interface RegionSnap {
  readonly reading: Reading;
  /** Codes that bear the name; empty where the reading is none of them. */
  readonly codes: readonly string[];
  /** Nats by which the name fits worse than the reading; 0 for an equal name. */
  readonly cost: number;
}

export interface RegionSnapOptions {
  /** Nats by which a name may fit worse than what was read and still replace it. */
  readonly allowedCost: number;
  /** Edits a name may be away, as a share of its length. Default 0.34. */
  readonly share?: number;
  /** Codes that other readings point at: worth `FAVOUR` nats. */
  readonly favoured?: readonly string[];
  /** Whether the list holds every name there is, so that a part of one name alone stands for it. Default false. */
  readonly closed?: boolean;
  /** Whether the card itself names one of the list elsewhere: then a reading near it is it. Default false. */
  readonly expected?: boolean;
  /** Whether the reading begins behind where it should. Default false. */
  readonly isLate?: boolean;
  /** Whether the list holds the names inside a region that is known: the end of one alone stands for it. Default false. */
  readonly isInside?: boolean;
  /** Whether a stamp or words lie over the card, whose letters may stand behind a name. Default false. */
  readonly isCovered?: boolean;
}

const FAVOUR = 2;
/** A second name that fits nearly as well leaves the reading as it is. */
const LEAST_MARGIN = 0.8;

/**
 * Takes the name of a list that a reading stands for: where it is equal at once, where it is near only if the
 * recogniser's own probabilities bear it out. Names are spelled in more ways than the tables know, so a clear reading
 * stays as it is, with `not_in_list`.
 */
export function snapRegion(reading: Reading, regions: readonly Region[], options: RegionSnapOptions): RegionSnap {
  const { value } = reading;
  if (value === null) return { reading, codes: [], cost: Number.POSITIVE_INFINITY };
  const near = nearestNames(value, regions, options.share);
  const exact = near.find((name) => name.distance === 0);
  if (exact) return { reading: listed(reading, 0), codes: exact.codes, cost: 0 };
  const spaced = near.find((name) => name.distance <= SPACING);
  if (spaced && isClearlySpaced(reading, spaced.name)) {
    return { reading: listed(reading, 0), codes: spaced.codes, cost: 0 };
  }
  const fit: Fit = fitOf(reading.spans);
  const read = fit.of(value);
  const ranked = near
    .filter(({ name }) => mayStandFor(value, name))
    .map((name) => {
      const favour = name.codes.some((code) => options.favoured?.includes(code)) ? FAVOUR : 0;
      return { ...name, cost: read - fit.of(name.name) - favour };
    })
    .sort((first, second) => first.cost - second.cost);
  const [best, second] = ranked;
  const ambiguous = best && second && second.cost - best.cost < LEAST_MARGIN;
  const fitting = best && !ambiguous && best.cost <= options.allowedCost ? best : undefined;
  const isOutweighed = fitting !== undefined && outweighs(reading, fitting.name, options);
  const leading = options.isCovered && (!fitting || isOutweighed) ? leadingName(value, regions) : undefined;
  if (leading) return { reading: snapped(reading, leading.name, STRAY_SHARE), codes: leading.codes, cost: 0 };
  const tail = options.closed || options.isInside ? tailOf(value, regions, options) : undefined;
  if (fitting && isOutweighed && tail === undefined) {
    const kept: Reading = { ...reading, warnings: [...reading.warnings, 'not_in_list'] };
    return { reading: kept, codes: options.closed ? fitting.codes : [], cost: Number.POSITIVE_INFINITY };
  }
  if (!fitting || tail !== undefined) {
    const whole = tail ?? (options.closed ? complete(value, [...regionNames(regions)], true) : undefined);
    if (whole !== undefined) {
      const codes = codesOf(whole, regions);
      const missing = 0.5 * (1 - value.length / whole.length);
      const share = options.closed ? missing : Math.max(HIDDEN_SHARE, missing);
      const completed: Reading = { ...reading, value: whole, warnings: [...reading.warnings, 'completed'] };
      return { reading: listed(completed, share), codes, cost: 0 };
    }
    return (
      likeliestRegion(reading, regions, options) ?? {
        reading: { ...reading, warnings: [...reading.warnings, 'not_in_list'] },
        codes: [],
        cost: Number.POSITIVE_INFINITY,
      }
    );
  }
  const share = fitting.distance / Math.max(1, fitting.name.length);
  return { reading: snapped(reading, fitting.name, share), codes: fitting.codes, cost: Math.max(0, fitting.cost) };
}

/** The name that a reading is the end of; few letters will do where its beginning is missed, or for one that the NIK names. */
function tailOf(value: string, regions: readonly Region[], options: RegionSnapOptions): string | undefined {
  const told = regions.filter(({ code }) => options.favoured?.includes(code));
  return wholeOfTail(value, regions, options.isLate) ?? wholeOfTail(value, told, true);
}

/** The name that print in pieces is likeliest to be; undefined where the print is whole, or no name leads clearly. */
function likeliestRegion(
  reading: Reading,
  regions: readonly Region[],
  { favoured }: RegionSnapOptions,
): RegionSnap | undefined {
  const isFavoured = new Set(regions.filter(({ code }) => favoured?.includes(code)).map(({ name }) => name));
  const likeliest = likeliestEntry(reading.spans, [...regionNames(regions)], (name) =>
    isFavoured.has(name) ? FAVOUR : 0,
  );
  if (!likeliest || likeliest.margin < LEAST_LEAD) return undefined;
  const evidence = { ...reading.evidence, ...charactersOfLead(likeliest.margin) };
  return {
    reading: snapped({ ...reading, evidence }, likeliest.entry, BROKEN_SHARE),
    codes: codesOf(likeliest.entry, regions),
    cost: 0,
  };
}

function codesOf(name: string, regions: readonly Region[]): string[] {
  return regions.filter((region) => region.name === name).map(({ code }) => code);
}

function regionNames(regions: readonly Region[]): ReadonlySet<string> {
  return new Set(regions.map(({ name }) => name));
}

function snapped(reading: Reading, name: string, share: number): Reading {
  return listed({ ...reading, value: name, warnings: [...reading.warnings, 'snapped'] }, share);
}

/** Doubt of a name behind which letters of a stamp stand, as edits a character. */
const STRAY_SHARE = 0.25;
/** So short a name may be the beginning of any other. */
const LEAST_LEADING = 5;

/** The longest name that a reading begins with, where what follows may tell it from no brother: SELATANE, MIHOUAN ASL. */
function leadingName(read: string, regions: readonly Region[]): { name: string; codes: string[] } | undefined {
  const [name] = [...regionNames(regions)]
    .filter((known) => known.length >= LEAST_LEADING && read.startsWith(known) && !mayTell(read.slice(known.length)))
    .sort((first, second) => second.length - first.length);
  return name === undefined ? undefined : { name, codes: codesOf(name, regions) };
}

/** Distance of names that differ in blanks and punctuation only. */
const SPACING = 0.05;
/** Characters that are all surer than this are what is printed, whatever the list says. */
const CLEAR = 0.95;
/** The same against a list that holds all names there are, though not all their spellings. */
const CLEAR_AGAINST_ALL = 0.985;

function isClear({ evidence }: Reading, least = CLEAR): boolean {
  return evidence.leastCharacter > least;
}

/** Whether a clear reading stands against a name of the list. */
function outweighs(reading: Reading, name: string, { closed, expected }: RegionSnapOptions): boolean {
  if (expected === true || reading.value === null) return false;
  return isClear(reading, closed === true ? CLEAR_AGAINST_ALL : CLEAR) && !isOnlyDoubling(reading.value, name);
}

/** Whether the card prints more blanks than the list does, all clearly seen: PEMATANG SIANTAR, GUNUNG KIDUL. */
function isClearlySpaced(reading: Reading, name: string): boolean {
  const blanks = (text: string): number => text.split(' ').length;
  if (reading.value === null || blanks(reading.value) <= blanks(name) || !isClear(reading)) return false;
  const glyphs = reading.spans.flatMap((span) => span.glyphs);
  return glyphs.every((glyph) => glyph.text !== ' ' || (!glyph.restored && glyph.confidence > CLEAR));
}

/** Whether two texts are equal but for letters that one of them doubles: of two strokes alike one is easily lost. */
function isOnlyDoubling(read: string, name: string): boolean {
  const single = (text: string): string => bareText(text).replace(/(.)\1+/g, '$1');
  return single(read) === single(name) && bareText(read).length <= bareText(name).length;
}

/**
 * Whether a reading may stand for a name: numerals, and words that tell neighbours apart, are no misread letters. A
 * village III is not its brother II, BARU is not left out by chance.
 */
function mayStandFor(read: string, name: string): boolean {
  const [first, second] = [distinctions(read), distinctions(name)];
  return first.length === second.length && first.every((word, index) => word === second[index]);
}

/** Whether what follows a name may be what tells it from a brother, though a letter more was read: UTARAE. */
function mayTell(rest: string): boolean {
  const words = rest.split(/[^A-Z0-9]+/);
  return words.some(
    (word) => /^(?:[IVX]+|.*\d.*)$/.test(word) || [...TELLING].some((telling) => word.startsWith(telling)),
  );
}

function distinctions(text: string): string[] {
  return text.split(/[^A-Z0-9]+/).filter((word) => /^(?:[IVX]+|\d+)$/.test(word) || TELLING.has(word));
}

const TELLING: ReadonlySet<string> = new Set(
  'BARU LAMA UTARA SELATAN TIMUR BARAT TENGAH HULU HILIR ATAS BAWAH LUAR DALAM SATU DUA TIGA'.split(' '),
);

function listed(reading: Reading, snapShare: number): Reading {
  return { ...reading, evidence: { ...reading.evidence, listed: true, snapShare } };
}
