import type { BlobReference } from './blob-reference.ts';
import type { ExtractionOutcome, StoredResult } from './extraction-activities.ts';
import type { ExtractionFailure } from './extraction-workflow.ts';
import type { ReviewPolicy } from './review.ts';

/** Inputs and outputs of the activities of a batch: what stands in histories. */

export interface BatchRun {
  readonly batchId: string;
  /** 1, and one more with each retry of what failed. */
  readonly run: number;
}

/** One item that is to be read. */
export interface BatchItem {
  readonly extractionId: string;
  readonly index: number;
  /** Attempts of former runs and passes. */
  readonly attempts: number;
  /** Its image; null: it is to be fetched first, or was refused. */
  readonly blob: BlobReference | null;
  /** Why it cannot be read at all; null: nothing is known against it. */
  readonly refusal: ExtractionFailure | null;
}

export interface NextBatchItemsInput {
  readonly batchId: string;
  readonly after: number;
  readonly limit: number;
}

export interface NextBatchItemsOutput {
  /** In the input's order; entries of an archive have been unpacked. */
  readonly items: readonly BatchItem[];
  /** Whether more may follow. */
  readonly more: boolean;
  /** false: its caller may still add items. */
  readonly sealed?: boolean;
}

/** The first page of a document; the others have become items of the batch. */
export interface FetchedPage {
  readonly blob: BlobReference;
  readonly grown: true;
}

/** deferred: nothing but the attempts is stored, the item is read again later. */
export type BatchOutcome = ExtractionOutcome | { readonly status: 'deferred' };

export interface BatchResult {
  readonly extractionId: string;
  /** Of all runs together. */
  readonly attempts: number;
  readonly outcome: BatchOutcome;
  /** The image to delete once the outcome is stored; null: keep it. */
  readonly deleteBlob: BlobReference | null;
  /** Whether it is to wait for a person; absent: no. */
  readonly review?: ReviewPolicy;
}

export interface BeginBatchRunInput extends BatchRun {
  /** Errors of the items that are read again; absent: all that failed. */
  readonly codes?: readonly string[];
}

export interface ShowBatchPausedInput extends BatchRun {
  readonly paused: boolean;
}

export interface FinishBatchInput extends BatchRun {
  readonly status: 'completed' | 'cancelled' | 'failed';
}

/** Batch activities of the role `worker`, which need the database. All of them may be repeated without harm. */
export interface BatchActivities {
  /** Marks the run as begun, and what failed in the former one as queued. */
  beginBatchRun(input: BeginBatchRunInput): Promise<void>;
  /** Writes `paused` or `running` into the row of a batch that is one of both. */
  showBatchPaused(input: ShowBatchPausedInput): Promise<void>;
  nextBatchItems(input: NextBatchItemsInput): Promise<NextBatchItemsOutput>;
  /** Fetches the image_url of an item. @throws KtpflowError blocked_url, image_fetch_failed and those of images */
  fetchBatchItem(input: { readonly extractionId: string }): Promise<BlobReference | FetchedPage>;
  /** @returns what storeResult returns, for each */
  storeBatchResults(input: { readonly results: readonly BatchResult[] }): Promise<readonly StoredResult[]>;
  /** Cancels every item that has no result. */
  cancelBatchItems(input: { readonly batchId: string }): Promise<void>;
  finishBatch(input: FinishBatchInput): Promise<void>;
}
