import type { Header } from './read-header.ts';
import type { Reading } from './reading.ts';
import { districtsOf, matchDistrict, matchVillage, type RegionMatch } from './regions.ts';

/** Village and district, each looked up inside what the card names above it. */
export function readRegions(
  header: Header,
  village: Reading,
  district: Reading,
): { village: Reading; district: Reading; districtMatch: RegionMatch | undefined } {
  const regencies = header.regencyMatch?.codes ?? [];
  const districtMatch = district.value === null ? undefined : matchDistrict(district.value, regencies);
  const inside = districtMatch?.codes ?? districtsOf(regencies);
  const villageMatch = village.value === null ? undefined : matchVillage(village.value, inside);
  return {
    district: withMatch(district, districtMatch),
    village: withMatch(village, villageMatch),
    districtMatch,
  };
}

function withMatch(reading: Reading, match: RegionMatch | undefined): Reading {
  if (reading.value === null || !match) return reading;
  const changed = match.name !== reading.value;
  return {
    ...reading,
    value: match.name,
    warnings: changed ? [...reading.warnings, 'snapped'] : reading.warnings,
    evidence: { ...reading.evidence, listed: true, snapShare: match.distance / Math.max(1, match.name.length) },
  };
}
