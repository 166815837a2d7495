import { roundShare, worthOf } from '../calibration-points.ts';
import { type ConfidenceTable, VALUE_GROUPS, type ValueGroup } from '../confidence-table.ts';
import { isotonic, shareRight } from '../isotonic.ts';

/** A value that a person has looked at: how sure it was said to be, and whether it was right. */
export interface JudgedValue {
  readonly group: ValueGroup;
  readonly said: number;
  readonly right: boolean;
}

/** Values of about the same confidence. */
export interface Band {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean of what was said of them, 0-1. */
  readonly said: number;
  /** Share of them that is right, 0-1. */
  readonly right: number;
}

export interface MeasuredGroup {
  readonly group: ValueGroup;
  readonly count: number;
  readonly bands: readonly Band[];
  /** What confidences of the group should be; null: too few values to say. */
  readonly proposal: Points | null;
}

/** As a table holds them. */
type Points = NonNullable<ConfidenceTable[ValueGroup]>;

/** Edges of the bands: narrow where it matters whether somebody has to look. */
const EDGES = [0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.001];
/** Fewer values do not show whether one in a hundred is wrong (three over n, at 95 %). */
export const FEWEST_VALUES = 300;

/** Holds what was said against what was right, group by group, and proposes a table. */
export function measureConfidence(values: readonly JudgedValue[]): MeasuredGroup[] {
  return VALUE_GROUPS.map((group) => {
    const own = values.filter((value) => value.group === group);
    return { group, count: own.length, bands: bandsOf(own), proposal: proposalOf(own) };
  });
}

/**
 * The proposals as one table. `before` was in force when the values were said: what they stand for is looked up
 * through it. A group without a proposal stays as it was.
 */
export function proposedTable(groups: readonly MeasuredGroup[], before: ConfidenceTable): ConfidenceTable {
  const table: Partial<Record<ValueGroup, Points>> = { ...before };
  for (const { group, proposal } of groups) {
    const old = before[group];
    if (proposal) table[group] = old ? through(old, proposal) : proposal;
  }
  return table;
}

/** One table for two that follow each other: it bends where either does. */
function through(first: Points, second: Points): Points {
  const bends = [...first.map(([said]) => said), ...second.flatMap(([said]) => saidFor(first, said))];
  const sorted = [...new Set(bends.map(roundShare))].sort((one, other) => one - other);
  return sorted.map((said) => [said, roundShare(worthOf(second, worthOf(first, said)))]);
}

/** Where a table gives this worth; nothing where it never does, or does over a whole stretch. */
function saidFor(points: Points, worth: number): number[] {
  const index = points.findIndex(([, reached]) => reached >= worth);
  const [toSaid, toWorth] = points[index] ?? [0, 0];
  const [fromSaid, fromWorth] = points[index - 1] ?? [0, 0];
  if (index < 0 || toWorth === fromWorth) return [];
  return [fromSaid + ((toSaid - fromSaid) * (worth - fromWorth)) / (toWorth - fromWorth)];
}

function bandsOf(values: readonly JudgedValue[]): Band[] {
  return EDGES.slice(1).flatMap((to, index) => {
    const from = EDGES[index] ?? 0;
    const own = values.filter(({ said }) => said >= from && said < to);
    if (own.length === 0) return [];
    const mean = own.reduce((sum, { said }) => sum + said, 0) / own.length;
    const right = own.filter((value) => value.right).length / own.length;
    return [{ from, to: Math.min(1, to), count: own.length, said: roundShare(mean), right: roundShare(right) }];
  });
}

function proposalOf(values: readonly JudgedValue[]): Points | null {
  if (values.length < FEWEST_VALUES) return null;
  const points: Points = [[0, 0]];
  for (const bin of isotonic(values.map(({ right, said }) => ({ score: said, right })))) {
    // Rounded down: nothing is certain.
    const [said, worth] = [roundShare(bin.score), Math.floor(1000 * shareRight(bin)) / 1000];
    const [before, least] = points.at(-1) ?? [0, 0];
    if (said > before) points.push([said, Math.max(least, worth)]);
  }
  return points.length > 1 ? points : null;
}
