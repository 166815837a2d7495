import { availableParallelism } from 'node:os';
import {
  BATCH_START,
  type BatchPriority,
  batchWorkflowId,
  INGEST_BATCH_WORKFLOW,
  type IngestBatchInput,
} from '../../contract/batch-workflow.ts';
import type { ReviewPolicy } from '../../contract/review.ts';
import type { Strategy } from '../../contract/strategies.ts';
import { BATCH_PRIORITY } from '../../contract/task-queues.ts';
import type { ApiContext } from '../context.ts';
import { type Startable, startedWithoutRow } from '../intake/start-once.ts';
import { startWorkflow } from '../intake/start-workflow.ts';
import { webhookInput } from '../intake/webhook-target.ts';
import { discardBatch } from './receive.ts';
import type { ReceivedBatch } from './received-batch.ts';

/** Well below the 10,000 that Temporal warns at, and one run still holds hundreds of cards. */
const HISTORY_LIMIT = 4_000;
/** Items in the window for each one that is read: while some are stored and listed, no process waits. */
const WINDOW_PER_SLOT = 4;
/**
 * A tenant's cards stand in one line (its fairness key): a batch that has more of them in it is served more. Temporal's
 * priority keys would let an urgent batch pass those of other tenants, too.
 */
const WINDOW_SHARE: Readonly<Record<BatchPriority, number>> = { low: 0.25, normal: 1, high: 4 };
const DAY_MS = 24 * 60 * 60 * 1000;

export type StartContext = Pick<
  ApiContext,
  'blobs' | 'config' | 'database' | 'keyring' | 'logger' | 'temporal' | 'workerClient'
>;

export interface BatchStart {
  readonly id: string;
  readonly tenant: string;
  readonly run: number;
  readonly strategy: Strategy;
  readonly rejectLowQuality: boolean;
  readonly storeImage: boolean;
  readonly priority: BatchPriority;
  /** Which cards are to wait for a person. */
  readonly review?: ReviewPolicy;
  /** Absent: the first one of each item. */
  readonly cards?: 'all';
  /** Of a retry: errors of the items that are read again; absent: all that failed. */
  readonly codes?: readonly string[];
  /** Whether somebody is to be told of the end of the run. */
  readonly webhook: boolean;
}

/**
 * A new batch's part in the start-once protocol.
 * @param received what is discarded with its rows; null: what a repeat found, whose blobs are left to the removal of
 * those that no row names
 */
export function startableBatch(context: StartContext, start: BatchStart, received: ReceivedBatch | null): Startable {
  const { id } = start;
  return {
    workflowId: batchWorkflowId(id),
    start: () => startRun(context, start),
    accept: async () => {
      const { count } = await context.database.batch.updateMany({ where: { id }, data: { acceptedAt: new Date() } });
      if (count === 0) throw startedWithoutRow();
    },
    discard: async () => {
      const removed = await removeUnaccepted(context.database, id);
      if (removed > 0 && received) await discardBatch(context, received);
    },
  };
}

/**
 * Starts a run of a batch; the atomic step of creating and of retrying.
 * @throws WorkflowExecutionAlreadyStartedError while another run is open, and what startWorkflow throws
 */
export async function startRun(context: StartContext, start: BatchStart): Promise<void> {
  const { BATCH_WINDOW, RETENTION_DAYS } = context.config;
  const window = BATCH_WINDOW || WINDOW_PER_SLOT * availableParallelism();
  const input: IngestBatchInput = {
    batchId: start.id,
    run: start.run,
    strategy: start.strategy,
    rejectLowQuality: start.rejectLowQuality,
    storeImage: start.storeImage,
    ...(start.cards && { cards: start.cards }),
    window: Math.max(1, Math.round(window * WINDOW_SHARE[start.priority])),
    historyLimit: HISTORY_LIMIT,
    longestIdleMs: RETENTION_DAYS * DAY_MS,
    ...(start.webhook && { webhook: webhookInput(context.keyring, 'batch', start.id, start.run) }),
    ...(start.review && { review: start.review }),
    ...(start.codes && { codes: start.codes }),
    position: BATCH_START,
  };
  await startWorkflow(context, INGEST_BATCH_WORKFLOW, {
    workflowId: batchWorkflowId(start.id),
    requestId: `${start.id}-${start.run}`,
    input,
    tenant: start.tenant,
    // Cards of a batch stand behind single ones.
    priorityKey: BATCH_PRIORITY,
    // Not shorter than the default, as for single cards: a new worker replays thousands of events first.
    workflowTaskTimeout: '10 seconds',
    mayFollowAnother: start.run > 1,
  });
}

/** Removes the rows of a batch that was not accepted. @returns 1, or 0 where it was, or is gone */
export async function removeUnaccepted({ batch }: StartContext['database'], id: string): Promise<number> {
  return (await batch.deleteMany({ where: { id, acceptedAt: null } })).count;
}
