/** Something that was given a number, and turned out right or not. */
export interface Judged {
  readonly score: number;
  readonly right: boolean;
}

/** Neighbours of about the same score. */
export interface Bin {
  /** Mean of their scores. */
  readonly score: number;
  readonly right: number;
  readonly count: number;
}

/** Points in a bin: fewer say too little. */
const BIN = 30;

/** Bins of rising scores, neighbours pooled until the share of right ones rises too (isotonic regression). */
export function isotonic(list: readonly Judged[]): Bin[] {
  const sorted = [...list].sort((first, second) => first.score - second.score);
  const bins: Bin[] = [];
  for (let start = 0, end = 0; start < sorted.length; start = end) {
    end = start + BIN;
    // Those of one score stay together: which of them is right has nothing to do with their order.
    while (end < sorted.length && sorted[end]?.score === sorted[end - 1]?.score) end++;
    const part = sorted.slice(start, end);
    bins.push({
      score: part.reduce((sum, { score }) => sum + score, 0) / part.length,
      right: part.filter(({ right }) => right).length,
      count: part.length,
    });
    for (;;) {
      const last = bins.at(-1);
      const before = bins.at(-2);
      if (!last || !before || before.right / before.count < last.right / last.count) break;
      bins.splice(-2, 2, {
        score: (before.score * before.count + last.score * last.count) / (before.count + last.count),
        right: before.right + last.right,
        count: before.count + last.count,
      });
    }
  }
  return bins;
}

/**
 * The share of a bin that is right, for a table: each bin counts half a wrong one more than it has, because faults
 * rarer than the corpus can show do exist.
 */
export function shareRight({ count, right }: Bin): number {
  return right / (count + 0.5);
}
