import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError, WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client';
// Its own Nexus helpers pass the request's id in the same way; test/slow/start-once.test.ts shows that it counts.
import {
  type InternalWorkflowStartOptions,
  InternalWorkflowStartOptionsSymbol,
} from '@temporalio/client/lib/internal.js';
import { WORKER_TASK_QUEUE } from '../../contract/task-queues.ts';
import { KtpflowError } from '../../errors.ts';
import { grpcCodeOf } from '../../temporal-errors.ts';
import type { ApiContext } from '../context.ts';

/** A Temporal that restarts is back within this; one that is down is told of after it. */
const START_MS = 5_000;
/** One that has not answered for so long is asked again: its answer was lost, or it is slow. */
const ATTEMPT_MS = 2_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

export interface WorkflowStart {
  readonly workflowId: string;
  /**
   * What is started, once: Temporal answers a second start under the same id with the run of the first, also when
   * that has ended. Nothing personal.
   */
  readonly requestId: string;
  readonly input: unknown;
  /** Whose work it is: tenants take turns. */
  readonly tenant: string;
  /** INTERACTIVE_PRIORITY or BATCH_PRIORITY; activities inherit it, and the turn. */
  readonly priorityKey: number;
  /** How long a killed worker holds the workflow up. */
  readonly workflowTaskTimeout: '2 seconds' | '10 seconds';
  /** Whether the workflow id may have ended runs that are others than this one. */
  readonly mayFollowAnother: boolean;
  readonly memo?: Record<string, unknown>;
}

type StartContext = Pick<ApiContext, 'keyring' | 'temporal' | 'workerClient'>;

/** Nobody knows whether Temporal has started the run: it did not answer in time, or its answer was lost. */
export class UnknownStartError extends KtpflowError {
  constructor(cause: unknown) {
    super('temporal_unavailable', 'The workflow service cannot be reached right now.', { cause });
  }
}

/**
 * Starts a workflow under an id of its own: a start that finds another open run under it fails, which makes it the
 * atomic step among all that may be starting it. Where a worker of this process listens, its first task comes back with
 * the answer, which spares a turn through the server (about 10 ms).
 * @throws WorkflowExecutionAlreadyStartedError when another run than this one is there; UnknownStartError; errors of the
 * Temporal client: it was not started
 */
export async function startWorkflow(
  context: StartContext,
  workflowType: string,
  start: WorkflowStart,
): Promise<WorkflowHandle & { readonly firstExecutionRunId: string }> {
  const deadline = Date.now() + START_MS;
  let unknown: UnknownStartError | undefined;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await attempt(context, workflowType, start, Math.min(Date.now() + ATTEMPT_MS, deadline));
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) throw error;
      const outcome = outcomeOf(error);
      if (outcome === 'unknown') unknown = new UnknownStartError(error);
      if (outcome === 'refused' || Date.now() + pauseMs >= deadline) throw unknown ?? error;
      await sleep(pauseMs);
    }
  }
}

function attempt(
  { keyring, temporal, workerClient }: StartContext,
  workflowType: string,
  { input, mayFollowAnother, priorityKey, requestId, tenant, ...options }: WorkflowStart,
  deadline: number,
) {
  const local = workerClient?.();
  const client = local ?? temporal;
  const all: InternalWorkflowStartOptions & Parameters<typeof client.workflow.start>[1] = {
    ...options,
    args: [input],
    taskQueue: WORKER_TASK_QUEUE,
    priority: { priorityKey, fairnessKey: keyring.hmac('fairness', tenant).slice(0, 16) },
    workflowIdReusePolicy: mayFollowAnother ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE',
    workflowIdConflictPolicy: 'FAIL',
    requestEagerStart: local !== undefined,
    [InternalWorkflowStartOptionsSymbol]: { requestId },
  };
  return client.withDeadline(deadline, () => client.workflow.start(workflowType, all));
}

/** gRPC statuses by which a server says that it has refused: invalid argument, not found, permission denied, … */
const REFUSALS = new Set([3, 5, 6, 7, 9, 12, 16]);
const RESOURCE_EXHAUSTED = 8;

/** What a failed attempt says of the run: that it is not to be, that it has not begun, or nothing. */
function outcomeOf(error: unknown): 'refused' | 'not begun' | 'unknown' {
  const code = grpcCodeOf(error);
  if (code === RESOURCE_EXHAUSTED || wasNeverSent(error)) return 'not begun';
  if (code !== undefined) return REFUSALS.has(code) ? 'refused' : 'unknown';
  // What is no answer of a server either never got as far, or says that there is no such namespace.
  return error instanceof ServiceError ? 'unknown' : 'refused';
}

/**
 * Whether there was no connection to send the start through. By the words of gRPC, whose client repeats no start by
 * itself (retry-interceptor.ts): where they change, a start that was never sent is taken for one that may have been.
 */
function wasNeverSent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (/No connection established|waiting for (metadata filters|LB pick)/i.test(error.message)) return true;
  return wasNeverSent(error.cause);
}
