import { nearestNames, type Region } from '../rules/regions.ts';
import { complete } from '../rules/snap.ts';
import { type Fit, fitOf } from '../text/fit.ts';
import type { Reading } from './reading.ts';

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
  const fit: Fit = fitOf(reading.spans);
  const read = fit.of(value);
  const ranked = near
    .map((name) => {
      const favour = name.codes.some((code) => options.favoured?.includes(code)) ? FAVOUR : 0;
      return { ...name, cost: read - fit.of(name.name) - favour };
    })
    .sort((first, second) => first.cost - second.cost);
  const [best, second] = ranked;
  const ambiguous = best && second && second.cost - best.cost < LEAST_MARGIN;
  if (!best || ambiguous || best.cost > options.allowedCost) {
    const whole = options.closed ? complete(value, [...new Set(regions.map(({ name }) => name))], true) : undefined;
    if (whole !== undefined) {
      const codes = regions.filter(({ name }) => name === whole).map(({ code }) => code);
      const share = 0.5 * (1 - value.length / whole.length);
      const completed: Reading = { ...reading, value: whole, warnings: [...reading.warnings, 'completed'] };
      return { reading: listed(completed, share), codes, cost: 0 };
    }
    return {
      reading: { ...reading, warnings: [...reading.warnings, 'not_in_list'] },
      codes: [],
      cost: Number.POSITIVE_INFINITY,
    };
  }
  const snapShare = best.distance / Math.max(1, best.name.length);
  const snapped = listed({ ...reading, value: best.name, warnings: [...reading.warnings, 'snapped'] }, snapShare);
  return { reading: snapped, codes: best.codes, cost: Math.max(0, best.cost) };
}

function listed(reading: Reading, snapShare: number): Reading {
  return { ...reading, evidence: { ...reading.evidence, listed: true, snapShare } };
}
