import { proxyActivities } from '@temporalio/workflow';
import type { RemovalReport, WorkerActivities } from '../contract/extraction-activities.ts';

const { removeExpired, removeOrphans } = proxyActivities<WorkerActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '1 minute',
  // The Schedule comes again: a run that fails for long need not insist.
  retry: { maximumAttempts: 5 },
});

/** Removes what has expired or was abandoned, and then what no row names; started by the Schedule `retention`. */
export async function retentionWorkflow(): Promise<RemovalReport & { readonly orphanedBlobs: number }> {
  const removed = await removeExpired();
  return { ...removed, orphanedBlobs: await removeOrphans() };
}
