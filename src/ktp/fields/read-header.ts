import { textOf } from '../layout/value-spans.ts';
import { prefixDistances } from '../rules/edit-distance.ts';
import { nearestNames, provinceName, provinces, regencies } from '../rules/regions.ts';
import { type Span, sliceSpan } from '../text/spans.ts';
import { cleanPlace } from './read-free-text.ts';
import { characterEvidence, type Reading, unread } from './reading.ts';
import { snapRegion } from './snap-region.ts';
import { wholeOfTail } from './whole-of-tail.ts';

export interface Header {
  readonly province: Reading;
  readonly regency: Reading;
  /** Two digits. */
  readonly provinceCode: string | undefined;
  /** Four digits each; several where names are shared. */
  readonly regencyCodes: readonly string[];
}

/** Names of a short closed list may fit this much worse (nats) than the reading that they replace. */
const PROVINCE_COST = 30;
const REGENCY_COST = 18;
const ANY_REGENCY_COST = 8;

/** Doubt of a province of which a piece stands, as edits a character, unless the NIK names the same regency: not sure. */
const UNCONFIRMED_SHARE = 0.3;

/** Province and regency out of the lines above the NIK, whose digits confirm what was completed. */
export function readHeader(spans: readonly Span[], nik = ''): Header {
  const rows = joinRows(spans);
  const provinceRow = findProvince(rows);
  let province: Reading = unread();
  let provinceCode: string | undefined;
  if (provinceRow) {
    const snap = snapRegion(provinceRow.reading, provinces(), {
      allowedCost: PROVINCE_COST,
      share: 0.3,
      closed: true,
    });
    province = snap.reading;
    provinceCode = snap.codes[0];
  }
  const { regency, codes } = findRegency(rows.slice((provinceRow?.index ?? -1) + 1), provinceCode);
  const isConfirmed = codes.some((code) => nik.startsWith(code));
  if (provinceCode === undefined && codes.length > 0) {
    const owners = new Set(codes.map((code) => code.slice(0, 2)));
    const [owner] = owners;
    const name = owner === undefined || owners.size > 1 ? undefined : provinceName(owner);
    if (owner !== undefined && name !== undefined && isPartOf(province.value, name)) {
      provinceCode = owner;
      const evidence = { ...province.evidence, listed: true, snapShare: 0 };
      province = { ...province, value: name, warnings: ['completed'], evidence };
    } else if (owner !== undefined && name !== undefined && province.value === null) {
      provinceCode = owner;
      province = {
        ...unread('derived_from_kabupaten_kota'),
        value: name,
        source: 'derived',
        evidence: regency.evidence,
      };
    }
  }
  return { province: isConfirmed ? province : doubtCompleted(province), regency, provinceCode, regencyCodes: codes };
}

/** Whether a text is one of a name's words or several, or how it begins: SULAWESI of SULAWESI TENGAH, PAPUA BARA of PAPUA BARAT. */
function isPartOf(text: string | null, name: string): boolean {
  return text !== null && text.length >= LEAST_WORD && (` ${name} `.includes(` ${text} `) || name.startsWith(text));
}

const LEAST_WORD = 4;

function doubtCompleted(province: Reading): Reading {
  if (!province.warnings.includes('completed')) return province;
  const snapShare = Math.max(province.evidence.snapShare, UNCONFIRMED_SHARE);
  return { ...province, evidence: { ...province.evidence, snapShare } };
}

function findProvince(rows: readonly Span[][]): { index: number; reading: Reading } | undefined {
  for (const [index, row] of rows.entries()) {
    const behind = withoutWord(row, ['PROVINSI', 'PROPINSI', 'PROV.']) ?? withoutPiece(row);
    if (behind && behind.length > 0) return { index, reading: placeReading(behind, textOf(row)) };
  }
  for (const [index, row] of rows.entries()) {
    const behind = withoutPiece(row, BEGINNING);
    const reading = behind && behind.length > 0 ? placeReading(behind, textOf(row)) : undefined;
    if (reading?.value != null && isProvince(reading.value)) return { index, reading };
  }
  // The word itself may be hidden; then only a name that is a province's will do.
  for (const [index, row] of rows.entries()) {
    const reading = placeReading(row, textOf(row));
    if (reading.value !== null && isProvince(reading.value)) return { index, reading };
  }
  return undefined;
}

/** Whether a text is a province's name, misread or without its beginning. */
function isProvince(text: string): boolean {
  return nearestNames(text, provinces(), 0.2).length > 0 || wholeOfTail(text, provinces()) !== undefined;
}

function findRegency(
  rows: readonly Span[][],
  province: string | undefined,
): { regency: Reading; codes: readonly string[] } {
  for (const row of rows) {
    const reading = placeReading(row, textOf(row));
    if (reading.value === null) continue;
    const named = /^K[AO][BT]/.test(reading.value);
    if (province !== undefined) {
      const inside = snapRegion(reading, regencies(province), { allowedCost: REGENCY_COST, share: 0.3, closed: true });
      if (inside.codes.length > 0) return { regency: inside.reading, codes: inside.codes };
    }
    const anywhere = snapRegion(reading, regencies(), { allowedCost: ANY_REGENCY_COST, share: 0.2 });
    if (anywhere.codes.length > 0 || named) return { regency: anywhere.reading, codes: anywhere.codes };
  }
  return { regency: unread(), codes: [] };
}

function placeReading(spans: readonly Span[], raw: string): Reading {
  const value = cleanPlace(textOf(spans));
  if (value === '') return unread();
  return { value, raw, spans, source: 'ocr', warnings: [], evidence: characterEvidence(spans, 1) };
}

function joinRows(spans: readonly Span[]): Span[][] {
  const rows: Span[][] = [];
  for (const span of spans) {
    const first = rows.at(-1)?.[0];
    if (first && Math.abs(span.v - first.v) < 0.4 * Math.min(span.height, first.height)) rows.at(-1)?.push(span);
    else rows.push([span]);
  }
  for (const row of rows) row.sort((first, second) => first.left - second.left);
  return rows;
}

/** What is left of PROVINSI or PROPINSI where its beginning lies under a finger. */
const PIECE = /^(?:[OP]?VINSI|[OP]?PINSI|INSI|NSI|SI)[ .:;-]+/;
/** The same where its end does: so little tells the word only in front of a province's name. */
const BEGINNING = /^P(?:R(?:O(?:[VP]I?)?)?)?[ .:;-]+/;

/** A row without the piece of PROVINSI that it begins with; undefined without it. */
function withoutPiece([first, ...rest]: readonly Span[], piece = PIECE): Span[] | undefined {
  if (!first) return undefined;
  // The name may stand apart, in a span of its own.
  const end = piece.exec(`${first.text.toUpperCase()} `)?.[0].length;
  if (end === undefined) return undefined;
  const tail = sliceSpan(first, Math.min(end, first.glyphs.length));
  return tail ? [tail, ...rest] : rest;
}

/** A row without the word that it begins with, a quarter of its letters misread at most; undefined without it. */
function withoutWord(row: readonly Span[], words: readonly string[]): Span[] | undefined {
  const [first, ...rest] = row;
  if (!first) return undefined;
  const text = first.text.toUpperCase().replace(/0/g, 'O');
  let best: { distance: number; end: number } | undefined;
  for (const word of words) {
    const allowed = word.length / 4;
    for (const [end, distance] of prefixDistances(word, text, allowed)?.entries() ?? []) {
      if (distance <= allowed && (!best || distance < best.distance)) best = { distance, end };
    }
  }
  if (!best) return undefined;
  let { end } = best;
  while (/[ .:;-]/.test(first.glyphs[end]?.text ?? 'x')) end += 1;
  const tail = sliceSpan(first, end);
  return tail ? [tail, ...rest] : rest;
}
