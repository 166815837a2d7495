import { prefixDistances } from './edit-distance.ts';
import { cleanPlace } from './read-values.ts';
import { characterEvidence, type Reading, textOf, unread } from './reading.ts';
import { matchProvince, matchRegency, type RegionMatch } from './regions.ts';
import type { Span } from './spans.ts';

export interface Header {
  readonly province: Reading;
  readonly regency: Reading;
  readonly provinceMatch: RegionMatch | undefined;
  readonly regencyMatch: RegionMatch | undefined;
}

/** Province and regency out of the lines above the NIK. */
export function readHeader(spans: readonly Span[]): Header {
  const rows = joinRows(spans);
  let province: Reading = unread();
  let provinceMatch: RegionMatch | undefined;
  let regencyFrom = 0;
  for (const [index, row] of rows.entries()) {
    const text = cleanPlace(textOf(row));
    const rest = withoutWord(text, 'PROVINSI') ?? withoutWord(text, 'PROPINSI');
    const match = matchProvince(rest ?? text);
    if (!match && rest === undefined) continue;
    province = regionReading(row, rest ?? text, match);
    provinceMatch = match;
    regencyFrom = index + 1;
    break;
  }
  const provinceCode = provinceMatch?.codes[0];
  for (const row of rows.slice(regencyFrom)) {
    const text = cleanPlace(textOf(row));
    const match = matchRegency(text, provinceCode);
    if (!match && !/^(?:KAB|KOTA)/.test(text)) continue;
    return { province, regency: regionReading(row, text, match), provinceMatch, regencyMatch: match };
  }
  return { province, regency: unread(), provinceMatch, regencyMatch: undefined };
}

function regionReading(row: readonly Span[], text: string, match: RegionMatch | undefined): Reading {
  if (text === '') return unread();
  const value = match?.name ?? text;
  const snapShare = match ? match.distance / Math.max(1, value.length) : 0;
  return {
    value,
    raw: textOf(row),
    spans: row,
    source: 'ocr',
    warnings: !match ? ['not_in_list'] : match.distance > 0 ? ['snapped'] : [],
    evidence: { ...characterEvidence(row, 1), snapShare, listed: match !== undefined },
  };
}

function joinRows(spans: readonly Span[]): Span[][] {
  const rows: Span[][] = [];
  for (const span of spans) {
    const row = rows.at(-1);
    const first = row?.[0];
    if (row && first && Math.abs(span.v - first.v) < 0.4 * Math.min(span.height, first.height)) row.push(span);
    else rows.push([span]);
  }
  for (const row of rows) row.sort((first, second) => first.left - second.left);
  return rows;
}

/** The text behind a word that it begins with, a few misread letters allowed. */
function withoutWord(text: string, word: string): string | undefined {
  let best: { distance: number; end: number } | undefined;
  for (const match of prefixDistances(word, text.replace(/0/g, 'O'))) {
    if (match.distance <= 2 && (!best || match.distance < best.distance)) best = match;
  }
  return best ? text.slice(best.end).replace(/^[ .:;-]+/, '') : undefined;
}
