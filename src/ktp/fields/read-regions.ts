import {
  birthPlaces,
  districtName,
  districts,
  provinceName,
  type Region,
  regencies,
  shortRegencyName,
  villages,
} from '../rules/regions.ts';
import { bareText } from '../rules/snap.ts';
import type { Warning } from '../warnings.ts';
import type { Header } from './read-header.ts';
import type { Reading } from './reading.ts';
import { type RegionSnap, snapRegion } from './snap-region.ts';
import { HIDDEN_SHARE, wholeOfTail } from './whole-of-tail.ts';

/** Nats by which a name inside its region may fit worse than the reading that it replaces. */
const DISTRICT_COST = 8;
const VILLAGE_COST = 8;
/** Without the region above, far more names are near by chance. */
const WIDE_COST = 3;
const ISSUE_COST = 8;

export interface RegionReadings {
  readonly village: Reading;
  readonly district: Reading;
  /** Six-digit codes that the printed district's name stands for. */
  readonly districtCodes: readonly string[];
}

/**
 * Village and district, each held against the names inside what the card names above it. `nikDistrict` (six digits)
 * tips the balance between names that are equally near, and stands in for a header that could not be read. `isCovered`:
 * letters of what lies over the card may stand behind a name. `isLate`: one begins behind where it should.
 */
export function readRegions(
  header: Header,
  village: Reading,
  district: Reading,
  nikDistrict?: string,
  isCovered = false,
  isLate: { readonly village?: boolean; readonly district?: boolean } = {},
): RegionReadings {
  const known = header.regencyCodes.length > 0;
  const above = known ? header.regencyCodes : nikDistrict ? [nikDistrict.slice(0, 4)] : [];
  const inside = districts(above);
  const favoured = nikDistrict ? [nikDistrict] : [];
  const districtSnap = snapRegion(district, inside, {
    allowedCost: known ? DISTRICT_COST : WIDE_COST,
    favoured,
    isCovered: isCovered && known,
    isInside: known,
    isLate: isLate.district ?? false,
  });
  const districtCodes = districtSnap.codes.length > 0 ? districtSnap.codes : inside.map((region) => region.code);
  const sure = districtSnap.codes.length > 0;
  const villageSnap = snapRegion(village, villages(districtCodes), {
    allowedCost: sure ? VILLAGE_COST : WIDE_COST,
    favoured,
    isCovered: isCovered && sure,
    isInside: sure,
    isLate: isLate.village ?? false,
  });
  const owner = villageSnap.codes.length === 1 ? villageSnap.codes[0] : undefined;
  if (!sure && known && owner !== undefined && (village.value?.length ?? 0) > 4) {
    const fromVillage = districtOfVillage(district, owner);
    if (fromVillage) return { village: villageSnap.reading, district: fromVillage, districtCodes: [owner] };
  }
  return {
    village: villageSnap.reading,
    district: districtSnap.reading,
    districtCodes: sure ? districtSnap.codes : [],
  };
}

/** The district that the only village of that name lies in: derived where none was read, snapped where it is near. */
function districtOfVillage(district: Reading, code: string): Reading | undefined {
  const name = districtName(code);
  if (name === undefined) return undefined;
  if (district.value !== null) {
    const snap = snapRegion(district, [{ name, code }], { allowedCost: 3 * DISTRICT_COST, share: 0.5 });
    return snap.codes.length > 0 ? snap.reading : undefined;
  }
  const warnings: Warning[] = [...district.warnings, 'derived_from_kel_desa'];
  return { ...district, value: name, source: 'derived', warnings };
}

/**
 * The header completed from below: where the regency could not be read, the one of the printed province that alone has
 * a district of the printed name with a village of the printed name; then its province too.
 */
export function completeHeader(header: Header, { district, village }: RegionReadings): Header {
  if (header.regency.value !== null || district.value === null || village.value === null) return header;
  const named = regencies(header.provinceCode).filter(({ code }) =>
    districts([code]).some(
      (candidate) =>
        candidate.name === district.value && villages([candidate.code]).some(({ name }) => name === village.value),
    ),
  );
  const codes = [...new Set(named.map(({ code }) => code))];
  const [code] = codes;
  const name = named[0]?.name;
  if (code === undefined || name === undefined || codes.length > 1) return header;
  const derive = (reading: Reading, value: string): Reading => ({
    ...reading,
    value,
    source: 'derived',
    warnings: [...reading.warnings, 'derived_from_kecamatan'],
    evidence: { ...district.evidence, listed: true },
  });
  const province = provinceName(code.slice(0, 2));
  return {
    province:
      header.province.value === null && province !== undefined ? derive(header.province, province) : header.province,
    regency: derive(header.regency, name),
    provinceCode: code.slice(0, 2),
    regencyCodes: codes,
  };
}

/** Place of issue: the regency of the header in full or short, else any other. */
export function readIssuePlace(place: Reading, header: Header): Reading {
  const both = (list: readonly Region[]): Region[] =>
    list.flatMap(({ name, code }) => [
      { name, code },
      { name: shortRegencyName(name), code },
    ]);
  const own = snapRegion(
    place,
    both(regencies(header.provinceCode).filter(({ code }) => header.regencyCodes.includes(code))),
    {
      allowedCost: 2 * ISSUE_COST,
      closed: true,
      expected: true,
    },
  );
  if (own.codes.length > 0) return own.reading;
  const other: RegionSnap = snapRegion(place, both(regencies()), { allowedCost: ISSUE_COST, share: 0.2 });
  return other.reading;
}

/**
 * Place of birth: free text, but a doubtful letter is repaired where one town alone is near and fits what was seen, and
 * so are blanks inside a known name. The end of the card's own regency stands for all of it.
 */
export function readBirthPlace(place: Reading, header?: Header): Reading {
  const { value } = place;
  if (value === null) return place;
  const known = birthPlaces();
  const spelled = known.get(bareText(value));
  const whole = header && spelled === undefined ? wholeOfTail(value, ownTowns(header), true) : undefined;
  if (whole !== undefined) {
    const evidence = { ...place.evidence, listed: true, snapShare: HIDDEN_SHARE };
    return { ...place, value: whole, warnings: [...place.warnings, 'completed'], evidence };
  }
  if (spelled === value) return place;
  const allowedCost = BIRTH_PLACE_COST;
  if (spelled !== undefined)
    return changed(place, snapRegion(place, [{ name: spelled, code: spelled }], { allowedCost }));
  if (place.evidence.leastCharacter > CLEAR_CHARACTER) return place;
  const towns = [...known.values()].map((name) => ({ name, code: name }));
  return changed(place, snapRegion(place, towns, { allowedCost, share: 0.2 }));
}

/** The card's regency, without the word for it. */
function ownTowns({ regencyCodes, provinceCode }: Header): Region[] {
  return regencies(provinceCode)
    .filter(({ code }) => regencyCodes.includes(code))
    .map(({ code, name }) => ({ code, name: shortRegencyName(name) }));
}

const BIRTH_PLACE_COST = 5;
/** A place whose characters are all surer than this is left as it is. */
const CLEAR_CHARACTER = 0.9;

function changed(reading: Reading, snap: RegionSnap): Reading {
  return snap.codes.length > 0 ? snap.reading : reading;
}
