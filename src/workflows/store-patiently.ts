import { isCancellation, patched, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { BatchActivities } from '../contract/batch-activities.ts';
import type { WorkerActivities } from '../contract/extraction-activities.ts';

/** Histories from before know no activity after a local one that has failed. */
const REGULAR_AFTER_LOCAL = 'regular-store-after-local';

type StoreActivities = Pick<WorkerActivities, 'storeResult'> & Pick<BatchActivities, 'storeBatchResults'>;

// Local: it takes some milliseconds in this very process, and a turn through the server costs more than that. For some
// seconds at most: as long as it goes on, each heartbeat of its workflow task writes three events, thousands an hour,
// and at 51,200 Temporal terminates the run, and the result is gone.
const local = proxyLocalActivities<StoreActivities>({
  startToCloseTimeout: '5 seconds',
  scheduleToCloseTimeout: '10 seconds',
  retry: { initialInterval: '200 milliseconds', maximumAttempts: 4 },
});

// A database that is down comes back; the result waits for it, without a further event.
const regular = proxyActivities<StoreActivities>({
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '7 days',
  retry: { initialInterval: '1 second', maximumInterval: '10 seconds' },
});

/** Stores the outcome of a card, in days if need be. @throws ActivityFailure after seven days */
export const storeResult: StoreActivities['storeResult'] = (input) =>
  localThenRegular(
    () => local.storeResult(input),
    () => regular.storeResult(input),
  );

/** Stores some outcomes of a batch, in days if need be. @throws ActivityFailure after seven days */
export const storeBatchResults: StoreActivities['storeBatchResults'] = (input) =>
  localThenRegular(
    () => local.storeBatchResults(input),
    () => regular.storeBatchResults(input),
  );

async function localThenRegular<Stored>(
  runLocal: () => Promise<Stored>,
  runRegular: () => Promise<Stored>,
): Promise<Stored> {
  try {
    return await runLocal();
  } catch (error) {
    if (isCancellation(error) || !patched(REGULAR_AFTER_LOCAL)) throw error;
    return await runRegular();
  }
}
