import { ocrDistance } from './edit-distance.ts';
import { regionTables } from './region-tables.ts';
import { bareText, plainText } from './snap.ts';

/** A region's name as cards print it, with its Kemendagri code without dots (2, 4 or 6 digits; a village's is its district's). */
export interface Region {
  readonly name: string;
  readonly code: string;
}

/** A name of the tables near a reading, with all codes that bear it. */
export interface RegionName {
  readonly name: string;
  readonly codes: readonly string[];
  /** Weighted edits between the reading and the name; 0 for an equal one. */
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
  ['YOGYAKARTA', '34'],
  ['BANGKA BELITUNG', '19'],
  ['KEP. BANGKA BELITUNG', '19'],
  ['KEP. RIAU', '21'],
  ['IRIAN JAYA', '91'],
  ['IRIAN JAYA BARAT', '92'],
];

/** Whether two digits are a province's code. Splits took new codes and left the old ones in use. */
export function isKnownProvince(code: string): boolean {
  return regionTables().provinces.has(code);
}

/** Whether six digits are a current district's code; those of former districts stay valid in NIKs all the same. */
export function isKnownDistrict(code: string): boolean {
  return regionTables().districts.has(code);
}

export function provinceName(code: string): string | undefined {
  return regionTables().provinces.get(code);
}

export function districtName(code: string): string | undefined {
  return regionTables().districts.get(code);
}

export function provinces(): Region[] {
  const found = PROVINCE_ALIASES.map(([name, code]) => ({ name, code }));
  for (const [code, name] of regionTables().provinces) found.push({ name, code });
  return found;
}

/** Regencies and cities of a province, or of all where none is given; Jakarta's with the forms that offices print. */
export function regencies(province?: string): Region[] {
  const found: Region[] = [];
  for (const [code, name] of regionTables().regencies) {
    if (province !== undefined && !code.startsWith(province)) continue;
    found.push({ name, code });
    if (code.startsWith('31') && !name.startsWith('KABUPATEN')) {
      for (const rank of ['KOTA', 'KOTA ADM.', 'KOTA ADMINISTRASI']) found.push({ name: `${rank} ${name}`, code });
    }
  }
  return found;
}

/** Districts of the regencies given (four-digit codes). */
export function districts(regencyCodes: readonly string[]): Region[] {
  const tables = regionTables();
  return regencyCodes.flatMap((regency) =>
    tables.districtsOf(regency).map((code) => ({ code, name: tables.districts.get(code) ?? '' })),
  );
}

/** Villages of the districts given (six-digit codes), each with its district's code. */
export function villages(districtCodes: readonly string[]): Region[] {
  const { villagesOf } = regionTables();
  return districtCodes.flatMap((code) => villagesOf(code).map((name) => ({ name, code })));
}

let birthPlaceNames: ReadonlyMap<string, string> | undefined;

/**
 * Names of places that people are born in, by their letters alone: provinces, regencies and cities without their rank,
 * and districts.
 */
export function birthPlaces(): ReadonlyMap<string, string> {
  if (birthPlaceNames) return birthPlaceNames;
  const { provinces, regencies, districts } = regionTables();
  const names = new Map<string, string>();
  for (const name of districts.values()) names.set(bareText(name), name);
  for (const name of provinces.values()) names.set(bareText(name), name);
  for (const name of regencies.values()) {
    const short = shortRegencyName(name);
    names.set(bareText(short), short);
  }
  names.set('JAKARTA', 'JAKARTA');
  birthPlaceNames = names;
  return names;
}

/** KABUPATEN and KOTA taken off: what stands as a place of birth. */
export function shortRegencyName(name: string): string {
  return name.replace(/^(?:KABUPATEN|KOTA) /, '');
}

/** Up to `count` different names nearest to a reading within `share` of their length in edits, nearest first. */
export function nearestNames(text: string, regions: readonly Region[], share = 0.34, count = 5): RegionName[] {
  const plain = plainText(text);
  const bare = bareText(plain);
  if (bare.length < 2) return [];
  const found = new Map<string, { name: string; codes: string[]; distance: number }>();
  for (const { name, code } of regions) {
    const known = found.get(name);
    if (known) {
      if (!known.codes.includes(code)) known.codes.push(code);
      continue;
    }
    const limit = name.length * share;
    if (Math.abs(name.length - plain.length) > 1 + limit) continue;
    const distance = name === plain ? 0 : bareText(name) === bare ? 0.05 : ocrDistance(plain, name, limit);
    if (distance <= Math.max(limit, 0.05)) found.set(name, { name, codes: [code], distance });
  }
  return [...found.values()].sort((first, second) => first.distance - second.distance).slice(0, count);
}
