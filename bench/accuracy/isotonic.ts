/** One stretch of a rising step function: answers with scores from `from` to `to` were right at `rate`. */
export interface Step {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly rate: number;
}

interface Pool {
  from: number;
  to: number;
  count: number;
  right: number;
}

/** The rate of a pool, drawn a little towards doubt: a few lucky answers are not certainty. */
const rateOf = (pool: Pool): number => (pool.right + 0.5) / (pool.count + 1);

/**
 * Isotonic regression by pooling adjacent violators: the rising step function that fits (score, right or wrong) best.
 * Steps hold at least `least` answers.
 */
export function fitIsotonic(answers: ReadonlyArray<{ score: number; right: boolean }>, least = 1): Step[] {
  const sorted = [...answers].sort((a, b) => a.score - b.score);
  const pools: Pool[] = [];
  for (const { score, right } of sorted) {
    const last = pools.at(-1);
    if (last !== undefined && (last.count < least || score === last.to)) {
      last.to = score;
      last.count++;
      if (right) last.right++;
    } else {
      pools.push({ from: score, to: score, count: 1, right: right ? 1 : 0 });
    }
  }
  const rising: Pool[] = [];
  for (const pool of pools) {
    rising.push(pool);
    for (;;) {
      const [before, after] = rising.slice(-2);
      if (before === undefined || after === undefined) break;
      const rises = before.right / before.count < after.right / after.count && rateOf(before) <= rateOf(after);
      if (rises) break;
      rising.splice(-2, 2, {
        from: before.from,
        to: after.to,
        count: before.count + after.count,
        right: before.right + after.right,
      });
    }
  }
  return rising.map((pool) => ({ from: pool.from, to: pool.to, count: pool.count, rate: rateOf(pool) }));
}

/** Knots of a line through the steps' middles, from score 0 to 1, for the table in src/ktp/confidence.ts. */
export function toKnots(steps: readonly Step[]): Array<readonly [score: number, confidence: number]> {
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  const knots = steps.map((step) => [round((step.from + step.to) / 2), round(step.rate)] as const);
  const first = knots[0]?.[1] ?? 0;
  const last = knots.at(-1)?.[1] ?? 1;
  const inner = knots.filter(([score]) => score > 0.01 && score < 0.995);
  return [[0, Math.min(0.02, first)], ...inner, [1, last]];
}
