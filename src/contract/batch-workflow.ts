import { signalDefinition } from './definitions.ts';
import type { ReviewPolicy } from './review.ts';
import type { Strategy } from './strategies.ts';
import type { WebhookInput } from './webhook.ts';

/** What clients, activities and batch workflows say to each other; see extraction-workflow.ts for the rule on names. */

export const INGEST_BATCH_WORKFLOW = 'ingestBatchWorkflow';

/** One workflow id a batch: each run of it, the first and the retries, is an execution of its own. */
export function batchWorkflowId(batchId: string): string {
  return `batch-${batchId}`;
}

/** together: as many at once as the window holds; alone: one at a time, those that a process died over. */
export type BatchPass = 'together' | 'alone';

/** How much of its tenant's turns a batch gets, beside other batches of the same tenant. */
export const BATCH_PRIORITIES = ['low', 'normal', 'high'] as const;
export type BatchPriority = (typeof BATCH_PRIORITIES)[number];

/** Where a run goes on after continue-as-new. */
export interface BatchPosition {
  readonly pass: BatchPass;
  /** Items up to this index are done, or were put off to the next pass. */
  readonly after: number;
  /** Whether any item was put off. */
  readonly deferred: boolean;
  /** Pauses in a row because a service was down; 0: none is. */
  readonly pauses: number;
  /** Whether its caller has paused it; absent: no. */
  readonly paused?: boolean;
}

/** Pauses the batch (true) or lets it go on (false). What is being read is finished. */
export const pauseBatchSignal = signalDefinition<[paused: boolean]>('pauseBatch');

/** Items were added to the batch, or it was sealed: the database tells which. */
export const batchGrownSignal = signalDefinition<[]>('batchGrown');

/** Input of `ingestBatchWorkflow`. Items are listed page by page: ten thousand do not fit into a payload. */
export interface IngestBatchInput {
  readonly batchId: string;
  /** 1, and one more with each retry of what failed. */
  readonly run: number;
  readonly strategy: Strategy;
  readonly rejectLowQuality: boolean;
  /** false: an item's image is deleted once it was read. That of a failed item stays for a retry. */
  readonly storeImage: boolean;
  /** Every card that an item shows, each as an item; absent: the first one. */
  readonly cards?: 'all';
  /** Items at once, waiting for an inference process or being read. */
  readonly window: number;
  /** Events of a history after which the workflow continues as new. */
  readonly historyLimit: number;
  /** Length of the first pause because a service is down, seconds; each next one is twice as long. Default 2. */
  readonly firstPauseSeconds?: number;
  /**
   * Longest time in which a batch stays paused, or waits for more items, milliseconds; then it is cancelled, or ends with
   * what it has. Absent: no limit.
   */
  readonly longestIdleMs?: number;
  /** Absent: nobody is to be told. */
  readonly webhook?: WebhookInput;
  /** Which cards are to wait for a person, while the batch goes on; absent: none. */
  readonly review?: ReviewPolicy;
  /** Of a retry: errors of the items that are read again; absent: all that failed. */
  readonly codes?: readonly string[];
  readonly position: BatchPosition;
}

export const BATCH_START: BatchPosition = { pass: 'together', after: -1, deferred: false, pauses: 0 };
