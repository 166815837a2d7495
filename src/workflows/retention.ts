import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { OrphanReport, RemovalReport, WorkerActivities } from '../contract/extraction-activities.ts';

const { removeExpired, removeOrphans } = proxyActivities<WorkerActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '1 minute',
  // The Schedule comes again: a run that fails for long need not insist.
  retry: { maximumAttempts: 5 },
});

/**
 * Removes what has expired or was abandoned, and then some of what no row names, from where the run before came to;
 * started by the Schedule `retention`.
 */
export async function retentionWorkflow(): Promise<RemovalReport & OrphanReport> {
  const before = workflowInfo().lastResult as Partial<OrphanReport> | undefined;
  const removed = await removeExpired();
  return { ...removed, ...(await removeOrphans(before?.orphansAfter ?? null)) };
}
