import { getDistricts, getProvinces, getRegencies, getVillages } from 'idn-area-data';
import type { Random } from './random.ts';

export interface Village {
  readonly name: string;
}

export interface District {
  /** Kemendagri code without dots, 6 digits: the first six of a NIK. */
  readonly code: string;
  readonly name: string;
  readonly villages: readonly Village[];
}

export interface Regency {
  readonly code: string;
  /** In full: KABUPATEN … or KOTA …; Jakarta's as the card prints them, without KOTA. */
  readonly name: string;
  /** Without KABUPATEN or KOTA: what stands as a place of birth. */
  readonly shortName: string;
  readonly districts: readonly District[];
}

export interface Province {
  readonly code: string;
  /** Without PROVINSI. */
  readonly name: string;
  readonly regencies: readonly Regency[];
}

/** A village with everything above it. */
export interface Place {
  readonly province: Province;
  readonly regency: Regency;
  readonly district: District;
  readonly village: Village;
}

/** Quotes of the data set that no card prints. */
const PRINTABLE = /^[A-Z0-9 .'/()-]+$/;

/** The card prints DKI JAKARTA and its cities bare; the data set spells out the administrative rank. */
function printedRegency(name: string): string {
  return name
    .toUpperCase()
    .replace(/^KOTA ADMINISTRASI /, '')
    .replace(/^KABUPATEN ADMINISTRASI /, 'KABUPATEN ');
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

async function readRegions(): Promise<readonly Province[]> {
  const [provinces, regencies, districts, villages] = await Promise.all([
    getProvinces(),
    getRegencies({ transform: true }),
    getDistricts({ transform: true }),
    getVillages({ transform: true }),
  ]);
  const villagesOf = groupBy(
    villages.map((village) => ({ districtCode: village.districtCode, name: village.name.toUpperCase() })),
    (village) => village.districtCode,
  );
  const districtsOf = groupBy(districts, (district) => district.regencyCode);
  const regenciesOf = groupBy(regencies, (regency) => regency.provinceCode);
  return provinces.map((province) => ({
    code: province.code,
    name: province.name.toUpperCase(),
    regencies: (regenciesOf.get(province.code) ?? []).map((regency) => {
      const name = printedRegency(regency.name);
      return {
        code: regency.code.replaceAll('.', ''),
        name,
        shortName: name.replace(/^(KABUPATEN|KOTA) /, ''),
        districts: (districtsOf.get(regency.code) ?? [])
          .map((district) => ({
            code: district.code.replaceAll('.', ''),
            name: district.name.toUpperCase(),
            villages: (villagesOf.get(district.code) ?? []).filter((village) => PRINTABLE.test(village.name)),
          }))
          .filter((district) => district.villages.length > 0 && PRINTABLE.test(district.name)),
      };
    }),
  }));
}

let regions: Promise<readonly Province[]> | undefined;

/** All provinces down to the villages (idn-area-data), read once a process. */
export function loadRegions(): Promise<readonly Province[]> {
  regions ??= readRegions();
  return regions;
}

/** Any village of the country: the province first, so that small ones are as frequent as Java's. */
export function pickPlace(provinces: readonly Province[], random: Random): Place {
  const province = random.pick(provinces);
  const regency = random.pick(province.regencies.filter((candidate) => candidate.districts.length > 0));
  const district = random.pick(regency.districts);
  return { province, regency, district, village: random.pick(district.villages) };
}
