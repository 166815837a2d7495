import { ocrDistance } from './edit-distance.ts';
import { regionTables } from './region-tables.ts';
import { bareText, plainText } from './snap.ts';

/** A name that was found in the tables, with the codes it can stand for. */
export interface RegionMatch {
  /** As cards print it. */
  readonly name: string;
  readonly codes: readonly string[];
  /** Weighted edits between the reading and the name. */
  readonly distance: number;
}

/** Other names that cards print for a province, older ones included, by today's code. */
const PROVINCE_ALIASES: ReadonlyArray<readonly [name: string, code: string]> = [
  ['NANGGROE ACEH DARUSSALAM', '11'],
  ['DAERAH ISTIMEWA ACEH', '11'],
  ['JAKARTA', '31'],
  ['DAERAH KHUSUS JAKARTA', '31'],
  ['DAERAH KHUSUS IBUKOTA JAKARTA', '31'],
  ['DI YOGYAKARTA', '34'],
  ['D.I. YOGYAKARTA', '34'],
  ['D I YOGYAKARTA', '34'],
  ['YOGYAKARTA', '34'],
  ['BANGKA BELITUNG', '19'],
  ['KEP. BANGKA BELITUNG', '19'],
  ['KEP. RIAU', '21'],
  ['IRIAN JAYA', '91'],
  ['IRIAN JAYA BARAT', '92'],
  ['NUSATENGGARA BARAT', '52'],
  ['NUSATENGGARA TIMUR', '53'],
];

/** Codes of provinces that are or were in use in NIKs; none but today's, since splits took new codes. */
export function isKnownProvince(code: string): boolean {
  return regionTables().provinces.has(code);
}

export function isKnownDistrict(code: string): boolean {
  return regionTables().districts.has(code);
}

/** The province that a header names, within a third of its length in edits. */
export function matchProvince(text: string): RegionMatch | undefined {
  const candidates: [string, string][] = [...PROVINCE_ALIASES.map(([name, code]): [string, string] => [name, code])];
  for (const [code, name] of regionTables().provinces) candidates.push([name, code]);
  return nearest(text, candidates, 0.3);
}

/** The regency or city that a header names; within a province where its code is known. */
export function matchRegency(text: string, province?: string): RegionMatch | undefined {
  const inside: [string, string][] = [];
  const everywhere: [string, string][] = [];
  for (const [code, name] of regionTables().regencies) {
    const target = province !== undefined && code.startsWith(province) ? inside : everywhere;
    target.push([name, code]);
    if (code.startsWith('31') && !name.startsWith('KABUPATEN'))
      target.push([`KOTA ${name}`, code], [`KOTA ADM. ${name}`, code]);
  }
  return nearest(text, inside, 0.3) ?? nearest(text, everywhere, 0.15);
}

/** The district of that name in the regencies given. */
export function matchDistrict(text: string, regencies: readonly string[]): RegionMatch | undefined {
  const candidates: [string, string][] = [];
  for (const [code, name] of regionTables().districts) {
    if (regencies.includes(code.slice(0, 4))) candidates.push([name, code]);
  }
  return nearest(text, candidates, 0.3);
}

/** The village of that name in the districts given (six-digit codes). */
export function matchVillage(text: string, districts: readonly string[]): RegionMatch | undefined {
  const { villagesOf } = regionTables();
  const candidates: [string, string][] = [];
  for (const code of districts) for (const name of villagesOf(code)) candidates.push([name, code]);
  return nearest(text, candidates, 0.3);
}

/** Six-digit codes of the districts of the regencies given. */
export function districtsOf(regencies: readonly string[]): string[] {
  return [...regionTables().districts.keys()].filter((code) => regencies.includes(code.slice(0, 4)));
}

/** KABUPATEN and KOTA taken off: what stands as a place of birth. */
export function shortRegencyName(name: string): string {
  return name.replace(/^(?:KABUPATEN|KOTA) /, '');
}

/** The one name nearest to a reading; undefined where two different names are equally near. */
function nearest(
  text: string,
  candidates: ReadonlyArray<readonly [string, string]>,
  share: number,
): RegionMatch | undefined {
  const plain = plainText(text);
  const bare = bareText(plain);
  if (bare.length < 2) return undefined;
  let best: { name: string; codes: string[]; distance: number } | undefined;
  let second = Infinity;
  for (const [name, code] of candidates) {
    if (best?.name === name) {
      best.codes.push(code);
      continue;
    }
    if (Math.abs(name.length - plain.length) > 2 + name.length * share) continue;
    const limit = Math.min(second, name.length * share);
    const distance = name === plain ? 0 : bareText(name) === bare ? 0.05 : ocrDistance(plain, name, limit);
    if (distance > limit) continue;
    if (!best || distance < best.distance) {
      second = best?.distance ?? Infinity;
      best = { name, codes: [code], distance };
    } else if (distance < second) {
      second = distance;
    }
  }
  if (!best || second - best.distance < (best.distance > 0.05 ? 0.4 : 0.01)) return undefined;
  return best;
}
