import type { WorkerActivities } from '../../contract/extraction-activities.ts';
import type { Database } from '../../storage/database.ts';
import { reportProgress } from './report-progress.ts';

const DAY_MS = 86_400_000;
const PAGE = 10_000;

/**
 * Removes entries of the access log that are older than `days`, and what else tells of records that were erased as long
 * ago. The database refuses it for entries of the last 30 days, whoever asks: within that time the log is append-only.
 * @returns how many entries
 */
export async function pruneAccessLog(
  database: Database,
  days: number,
  onProgress: (removed: number) => void = () => {},
): Promise<number> {
  const at = { lt: new Date(Date.now() - days * DAY_MS) };
  let removed = 0;
  for (;;) {
    const { count } = await database.accessLogEntry.deleteMany({ where: { at }, limit: PAGE });
    removed += count;
    onProgress(removed);
    if (count < PAGE) break;
  }
  await database.subjectRecord.deleteMany({ where: { erasedAt: at } });
  await database.erasure.deleteMany({ where: { createdAt: at } });
  return removed;
}

/** The removal of what is past its expiry, and before it of old entries of the access log. */
export function alsoPruningAccessLog(
  removeExpired: WorkerActivities['removeExpired'],
  database: Database,
  days: number,
): WorkerActivities['removeExpired'] {
  return async () => {
    // First: the other may need more time than an attempt has, and then nothing behind it would ever be done.
    await pruneAccessLog(database, days, reportProgress);
    return removeExpired();
  };
}
