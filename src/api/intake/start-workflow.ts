import type { WorkflowHandle } from '@temporalio/client';
import { WORKER_TASK_QUEUE } from '../../contract/task-queues.ts';
import type { ApiContext } from '../context.ts';

/** A Temporal that restarts is back within this; one that is down is told of after it. */
const DEADLINE_MS = 5_000;

export interface WorkflowStart {
  readonly workflowId: string;
  readonly input: unknown;
  /** Whose work it is: tenants take turns. */
  readonly tenant: string;
  /** INTERACTIVE_PRIORITY or BATCH_PRIORITY; activities inherit it, and the turn. */
  readonly priorityKey: number;
  /** How long a killed worker holds the workflow up. */
  readonly workflowTaskTimeout: '2 seconds' | '10 seconds';
  readonly memo?: Record<string, unknown>;
}

/**
 * Starts a workflow under an id of its own: a start that finds an open run under it fails, which makes it the atomic
 * step among all that may be starting it. Where a worker of this process listens, its first task comes back with the
 * answer, which spares a turn through the server (about 10 ms).
 * @throws WorkflowExecutionAlreadyStartedError, errors of the Temporal client
 */
export async function startWorkflow(
  { keyring, temporal, workerClient }: Pick<ApiContext, 'keyring' | 'temporal' | 'workerClient'>,
  workflowType: string,
  { input, priorityKey, tenant, ...options }: WorkflowStart,
): Promise<WorkflowHandle & { readonly firstExecutionRunId: string }> {
  const local = workerClient?.();
  const client = local ?? temporal;
  return client.withDeadline(Date.now() + DEADLINE_MS, () =>
    client.workflow.start(workflowType, {
      ...options,
      args: [input],
      taskQueue: WORKER_TASK_QUEUE,
      priority: { priorityKey, fairnessKey: keyring.hmac('fairness', tenant).slice(0, 16) },
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      requestEagerStart: local !== undefined,
    }),
  );
}
