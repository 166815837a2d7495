import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { batchWorkflowId } from '../../contract/batch-workflow.ts';
import { isTemporalNotFound, isTemporalUnavailable } from '../../temporal-errors.ts';

/** What Temporal knows of a batch whose row is not final. */
export type BatchProgress =
  | { readonly workflow: 'missing' | 'closed' | 'cancelled' | 'unknown' }
  /** `reading`: the attempt of every item that a process reads, by the item's extraction id. */
  | { readonly workflow: 'open'; readonly reading: ReadonlyMap<string, number> };

const DESCRIBE_DEADLINE_MS = 3_000;
const { PendingActivityState, WorkflowExecutionStatus } = proto.temporal.api.enums.v1;

/** Describes the workflow, for which no worker is needed. While Temporal is down the rows are all that is known. */
export async function batchProgress(client: Client, batchId: string): Promise<BatchProgress> {
  try {
    const handle = client.workflow.getHandle(batchWorkflowId(batchId));
    const { raw, status } = await client.withDeadline(Date.now() + DESCRIBE_DEADLINE_MS, () => handle.describe());
    if (status.code === WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING) {
      return { workflow: 'open', reading: readingOf(raw.pendingActivities ?? []) };
    }
    const cancelled =
      status.code === WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CANCELED ||
      status.code === WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TERMINATED;
    return { workflow: cancelled ? 'cancelled' : 'closed' };
  } catch (error) {
    if (isTemporalNotFound(error)) return { workflow: 'missing' };
    if (isTemporalUnavailable(error)) return { workflow: 'unknown' };
    throw error;
  }
}

/** The workflow gives the activity that reads an item the item's id. */
function readingOf(activities: readonly proto.temporal.api.workflow.v1.IPendingActivityInfo[]): Map<string, number> {
  const reading = new Map<string, number>();
  for (const { activityId, activityType, attempt, state } of activities) {
    if (activityType?.name !== 'readCard' || !activityId) continue;
    const waiting = state === PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED && (attempt ?? 1) <= 1;
    if (!waiting) reading.set(activityId, attempt ?? 1);
  }
  return reading;
}
