import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiContext } from '../context.ts';

/** /readyz answers within 2 s, whatever hangs. */
const CHECK_TIMEOUT_MS = 1_500;

/** Whether a check ends well in time. */
async function succeeds(check: () => Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  try {
    const inTime = check().then(
      () => true,
      () => false,
    );
    return await Promise.race([inTime, sleep(CHECK_TIMEOUT_MS, false, { signal: timer.signal })]);
  } catch {
    return false;
  } finally {
    timer.abort();
  }
}

export function isTemporalConnected({ temporal }: Pick<ApiContext, 'temporal'>): Promise<boolean> {
  return succeeds(() =>
    temporal.withDeadline(Date.now() + CHECK_TIMEOUT_MS, () => temporal.workflowService.getSystemInfo({})),
  );
}

/** Whether an image could be stored now: a full disk lets everything else go on for a while. */
export function isStorageWritable({ blobs }: Pick<ApiContext, 'blobs'>): Promise<boolean> {
  return succeeds(() => blobs.check());
}

export function isDatabaseConnected({ database }: Pick<ApiContext, 'database'>): Promise<boolean> {
  return succeeds(() => database.$queryRaw`SELECT 1`);
}
