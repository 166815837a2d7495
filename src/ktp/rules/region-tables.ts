import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * The regions of Indonesia out of `idn-area-data` (Kemendagri's codes), read once when first needed and kept as the
 * files' own text with an index of offsets, since the villages alone are 84,000 rows. Read with node:fs because the
 * package's own functions parse into an object a row (seconds, and ten times the memory).
 */
export interface RegionTables {
  /** Two digits -> name without PROVINSI. */
  readonly provinces: ReadonlyMap<string, string>;
  /** Four digits -> name with KABUPATEN or KOTA, as cards print it. */
  readonly regencies: ReadonlyMap<string, string>;
  /** Six digits -> name. */
  readonly districts: ReadonlyMap<string, string>;
  /** Six-digit codes of a regency's districts (four digits); empty where unknown. */
  districtsOf(regency: string): readonly string[];
  /** Names of the villages of a district, six digits; empty where unknown. */
  villagesOf(district: string): readonly string[];
}

let tables: RegionTables | undefined;

/** The tables, loaded at the first call (about 60 ms); call it at start-up to have them warm. */
export function regionTables(): RegionTables {
  tables ??= loadTables();
  return tables;
}

function loadTables(): RegionTables {
  const folder = join(dirname(createRequire(import.meta.url).resolve('idn-area-data')), '..', 'data');
  const read = (name: string): string => readFileSync(join(folder, name), 'latin1');
  const villages = read('villages.csv');
  const starts = indexByDistrict(villages);
  const districts = mapRows(read('districts.csv'), printedName);
  const byRegency = new Map<string, string[]>();
  for (const code of districts.keys()) {
    const regency = code.slice(0, 4);
    const list = byRegency.get(regency);
    if (list) list.push(code);
    else byRegency.set(regency, [code]);
  }
  return {
    provinces: mapRows(read('provinces.csv'), printedName),
    regencies: mapRows(read('regencies.csv'), printedRegency),
    districts,
    districtsOf: (regency) => byRegency.get(regency) ?? [],
    villagesOf(district) {
      const range = starts.get(district);
      if (!range) return [];
      const rows = villages.slice(range[0], range[1]).trimEnd().split('\n');
      return rows.map((row) => printedName(row.slice(row.lastIndexOf(',') + 1)));
    },
  };
}

function mapRows(csv: string, name: (text: string) => string): Map<string, string> {
  const rows = new Map<string, string>();
  for (const row of csv.trimEnd().split('\n').slice(1)) {
    rows.set(row.slice(0, row.indexOf(',')).replaceAll('.', ''), name(row.slice(row.lastIndexOf(',') + 1)));
  }
  return rows;
}

/** Offsets of each district's rows; the file is ordered by code. */
function indexByDistrict(csv: string): Map<string, [number, number]> {
  const ranges = new Map<string, [number, number]>();
  let start = csv.indexOf('\n') + 1;
  while (start < csv.length) {
    const end = csv.indexOf('\n', start) + 1 || csv.length;
    const code = csv.slice(start, start + 2) + csv.slice(start + 3, start + 5) + csv.slice(start + 6, start + 8);
    const range = ranges.get(code);
    if (range) range[1] = end;
    else ranges.set(code, [start, end]);
    start = end;
  }
  return ranges;
}

/** Upper case; the quotes of the data set (one of them a UTF-8 sequence read as Latin-1) become the card's. */
function printedName(text: string): string {
  return text
    .replace(/"|\u00e2\u0080\u0099/g, "'")
    .toUpperCase()
    .replace(/\s+/g, ' ')
    .trim();
}

/** Cards print Jakarta's cities bare, and no administrative rank. */
function printedRegency(text: string): string {
  return printedName(text)
    .replace(/^KOTA ADMINISTRASI /, '')
    .replace(/^KABUPATEN ADMINISTRASI /, 'KABUPATEN ');
}
