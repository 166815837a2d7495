import { ActivityFailure, ApplicationFailure, proxyActivities, TimeoutFailure } from '@temporalio/workflow';
import type { BatchActivities, BatchItem } from '../../contract/batch-activities.ts';
import type { BatchPass, IngestBatchInput } from '../../contract/batch-workflow.ts';
import type { InferenceActivities } from '../../contract/extraction-activities.ts';
import { FETCH_TASK_QUEUE } from '../../contract/task-queues.ts';
import { ALL_CARDS_OPTIONS, extractDocument, READ_CARD_OPTIONS } from '../extract-document.ts';
import type { ResultGroups } from './result-groups.ts';

/**
 * How often an item is tried in each pass. Cards that are read by one process die together, in every attempt if need
 * be: so those that a process died over are read again alone, and only the one that kills fails.
 */
const MAXIMUM_ATTEMPTS: Readonly<Record<BatchPass, number>> = { together: 3, alone: 2 };
const MAXIMUM_FETCHES = 3;

/** Failures that say nothing of the item: the batch pauses until the service is back. */
const OUTAGES = new Set(['storage_unavailable', 'database_unavailable', 'temporal_unavailable', 'model_not_ready']);

/** outage: nothing was stored, `attempts` were spent; deferred: it is read again alone; given up: an outage failed it. */
export type ItemEnd =
  | { readonly kind: 'stored' }
  | { readonly kind: 'deferred' }
  | { readonly kind: 'given up' }
  | { readonly kind: 'outage'; readonly attempts: number };

export interface ItemOptions {
  readonly pass: BatchPass;
  /** Whether an outage is waited out; false: it fails the item. */
  readonly patient: boolean;
  /** Called when the batch has more items than before. */
  readonly onGrown: () => void;
}

/** Reads one item and stores its outcome. @throws CancelledFailure after the item was stored as cancelled */
export async function readItem(
  input: IngestBatchInput,
  item: BatchItem,
  { onGrown, pass, patient }: ItemOptions,
  groups: ResultGroups,
): Promise<ItemEnd> {
  const { extractionId } = item;
  const maximumAttempts = MAXIMUM_ATTEMPTS[pass];
  let { blob } = item;
  let failure: unknown;
  let end: ItemEnd = { kind: 'stored' };

  await extractDocument(
    {
      extractionId,
      blob: blob ?? '',
      strategy: input.strategy,
      rejectLowQuality: input.rejectLowQuality,
      storeImage: input.storeImage,
      ...(input.review && { review: input.review }),
      ...(input.cards && { cards: input.cards }),
    },
    {
      maximumAttempts,
      onState: () => {},
      readCard: async (card) => {
        try {
          if (item.refusal) throw ApplicationFailure.nonRetryable(item.refusal.message, item.refusal.code);
          blob ??= await fetchItem(item, onGrown);
          return await readCardOf(input, item, maximumAttempts)({ ...card, blob });
        } catch (error) {
          failure = error;
          throw error;
        }
      },
      storeResult: async ({ attempts: spent, outcome, review }) => {
        const attempts = item.attempts + spent;
        const failed = outcome.status === 'failed';
        if (failed && isOutage(failure)) {
          end = patient ? { kind: 'outage', attempts } : { kind: 'given up' };
          if (patient) return null;
        }
        if (failed && isTimeout(failure) && pass === 'together') {
          end = { kind: 'deferred' };
          return await groups.store({ extractionId, attempts, outcome: { status: 'deferred' }, deleteBlob: null });
        }
        const deleteBlob = failed || input.storeImage ? null : blob;
        return await groups.store({ extractionId, attempts, outcome, deleteBlob, ...(review && { review }) });
      },
    },
  );
  return end;
}

/** The activity's id tells which items are being read: describing the workflow needs no worker. */
function readCardOf(
  { cards }: IngestBatchInput,
  item: BatchItem,
  maximumAttempts: number,
): InferenceActivities['readCard'] {
  return proxyActivities<InferenceActivities>({
    ...READ_CARD_OPTIONS,
    ...(cards && ALL_CARDS_OPTIONS),
    scheduleToCloseTimeout: '7 days',
    heartbeatTimeout: '6 seconds',
    activityId: item.extractionId,
    retry: { ...READ_CARD_OPTIONS.retry, maximumAttempts },
  }).readCard;
}

async function fetchItem(item: BatchItem, onGrown: () => void): Promise<string> {
  const fetched = await proxyActivities<BatchActivities>({
    taskQueue: FETCH_TASK_QUEUE,
    startToCloseTimeout: '1 minute',
    scheduleToCloseTimeout: '7 days',
    activityId: `fetch-${item.extractionId}`,
    retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: MAXIMUM_FETCHES },
  }).fetchBatchItem({ extractionId: item.extractionId });
  if (typeof fetched === 'string') return fetched;
  onGrown();
  return fetched.blob;
}

function isOutage(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure && OUTAGES.has(cause.type ?? '');
}

/** The process that read the item was killed, or hung. */
function isTimeout(error: unknown): boolean {
  return error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;
}
