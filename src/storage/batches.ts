import type { Keyring } from '../encryption/keyring.ts';
import type { Database } from './database.ts';

/** Items of a batch by their rows; whether a queued one is being read is Temporal's to tell. */
export interface ItemCounts {
  readonly total: number;
  readonly queued: number;
  /** Read, and waiting for a person. */
  readonly needsReview: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Of the finished ones, those that were finished in the current run. */
  readonly finishedInRun: number;
}

/** HMAC by which equal images of one batch are found; says nothing outside of it. */
export function contentHash(keyring: Keyring, batchId: string, sha256: string): string {
  return keyring.hmac('batch content', batchId, sha256);
}

/** Of batches whose workflow has not come to its end. */
export const OPEN_BATCH_STATUSES = ['validating', 'running', 'paused', 'cancelling'] as const;
/** Of those that go on unless somebody cancels them. */
export const GOING_BATCH_STATUSES = ['validating', 'running', 'paused'] as const;

/**
 * Begins a run of a batch, once: what failed in the former run is queued again, with its attempts and its last error
 * kept, and everything is kept for at least `keepMs` from now on. Whoever comes second, the API or the workflow, changes
 * nothing.
 * @param codes only what failed with one of these errors; absent: whatever failed
 */
export async function beginRun(
  database: Database,
  { batchId, codes, run }: { readonly batchId: string; readonly run: number; readonly codes?: readonly string[] },
  keepMs: number,
): Promise<void> {
  const keepUntil = new Date(Date.now() + keepMs);
  const repeated = codes ? [...codes] : null;
  // One statement, and so one transaction on every kind of connection.
  await database.$executeRaw`
    WITH begun AS (
      UPDATE batches
      SET status = 'running', run = ${run}, started_at = COALESCE(started_at, now()), run_started_at = now(),
          finished_at = NULL, expires_at = GREATEST(expires_at, ${keepUntil})
      WHERE id = ${batchId} AND (run < ${run} OR (run = ${run} AND status = 'validating'))
      RETURNING id
    )
    UPDATE extractions
    SET expires_at = GREATEST(expires_at, ${keepUntil}),
        finished_at = CASE WHEN status = 'failed' AND (${repeated}::text[] IS NULL OR error_code = ANY(${repeated}))
          THEN NULL ELSE finished_at END,
        status = CASE WHEN status = 'failed' AND (${repeated}::text[] IS NULL OR error_code = ANY(${repeated}))
          THEN 'queued' ELSE status END
    WHERE ${run} > 1 AND batch_id IN (SELECT id FROM begun)`;
}

/** Writes whether an open run of a batch is paused. `changes` grows with it: readers of its events see each change. */
export async function showPaused(database: Database, batchId: string, run: number, paused: boolean): Promise<void> {
  // A pause may come before the beginning of the run is stored: then it is the beginning.
  await database.$executeRaw`
    UPDATE batches
    SET status = ${paused ? 'paused' : 'running'}, changes = changes + 1,
        started_at = COALESCE(started_at, now()), run_started_at = COALESCE(run_started_at, now())
    WHERE id = ${batchId} AND run = ${run} AND status IN ('validating', 'running', 'paused')
      AND status <> ${paused ? 'paused' : 'running'}`;
}

/** What the failed items of a batch have failed with, the most frequent first. */
export async function countFailures(
  database: Database,
  batchId: string,
): Promise<{ readonly code: string; readonly message: string | null; readonly count: number }[]> {
  const groups = await database.extraction.groupBy({
    by: ['errorCode'],
    where: { batchId, status: 'failed' },
    _count: { _all: true },
    _min: { errorMessage: true },
  });
  return groups
    .map(({ _count, _min, errorCode }) => ({
      code: errorCode ?? 'internal',
      message: _min.errorMessage,
      count: _count._all,
    }))
    .toSorted((left, right) => right.count - left.count || left.code.localeCompare(right.code));
}

/** Counts by GROUP BY: whatever happens to a row, they add up. A join of item by item would take twice as long. */
export async function countItems(database: Database, batchIds: readonly string[]): Promise<Map<string, ItemCounts>> {
  const rows = await database.$queryRaw<{ batch: string; status: string; items: number; in_run: number }[]>`
    SELECT b.id AS batch, counted.status, counted.items, counted.in_run
    FROM batches b CROSS JOIN LATERAL (
      SELECT e.status, count(*)::int AS items,
             (count(*) FILTER (WHERE e.finished_at >= b.run_started_at OR e.status = 'needs_review'))::int AS in_run
      FROM extractions e WHERE e.batch_id = b.id GROUP BY e.status
    ) counted
    WHERE b.id = ANY(${[...batchIds]})`;
  const counts = new Map(batchIds.map((id) => [id, emptyCounts()]));
  for (const { batch, status, items, in_run } of rows) {
    const of = counts.get(batch);
    if (!of) continue;
    of.total += items;
    of.finishedInRun += in_run;
    if (status === 'succeeded' || status === 'failed' || status === 'cancelled') of[status] += items;
    else if (status === 'needs_review') of.needsReview += items;
    else of.queued += items;
  }
  return counts;
}

function emptyCounts() {
  return { total: 0, queued: 0, needsReview: 0, succeeded: 0, failed: 0, cancelled: 0, finishedInRun: 0 };
}
