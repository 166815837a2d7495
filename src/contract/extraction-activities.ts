import type { ErrorCode } from '../errors.ts';
import type { BlobReference } from './blob-reference.ts';
import type { EngineStatus } from './engine-status.ts';
import type { OpenReview, ReviewPolicy } from './review.ts';
import type { Strategy } from './strategies.ts';

/** Inputs and outputs of activities: what stands in histories. Small, and nothing personal in plain text. */

export interface ReadCardInput {
  readonly extractionId: string;
  readonly blob: BlobReference;
  readonly strategy: Strategy;
  readonly rejectLowQuality: boolean;
  /** Whether a person may have to look at it: then the upright picture is kept, too. Absent: no. */
  readonly keepUpright?: true;
  /** Every card of the picture, or of a document's pages; absent: the first one. */
  readonly cards?: 'all';
}

/** Milliseconds of each step. */
export interface ReadCardTimings {
  readonly prepare: number;
  readonly ocr: number;
  readonly generate: number;
  readonly assemble: number;
}

/** Tokens of all calls of a vision-language model for a request. */
export interface TokenCounts {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export interface ReadCardOutput {
  /** Base64 of the KtpResult, sealed with the record's data key: no process that lacks its row can read it. */
  readonly sealedResult: string;
  /** Keyed hashes of the NIKs that were read; absent where none was, and in histories of before 0.2. */
  readonly nikHashes?: readonly string[];
  /** The other cards, sealed in the same way. */
  readonly sealedOthers?: readonly string[];
  readonly timings: ReadCardTimings;
  /** Absent where no model was asked, or none told. */
  readonly usage?: TokenCounts;
  readonly attempt: number;
  /** ISO 8601; start of the attempt that succeeded. */
  readonly startedAt: string;
  /** The upright picture, where it was asked for. */
  readonly upright?: BlobReference;
}

export type ExtractionOutcome =
  | {
      readonly status: 'succeeded';
      readonly sealedResult: string;
      readonly nikHashes?: readonly string[];
      readonly sealedOthers?: readonly string[];
      readonly timings: ReadCardTimings;
      readonly usage?: TokenCounts;
      readonly startedAt: string;
      readonly upright?: BlobReference;
    }
  | { readonly status: 'failed'; readonly error: { readonly code: ErrorCode; readonly message: string } }
  | { readonly status: 'cancelled' };

export interface StoreResultInput {
  readonly extractionId: string;
  readonly attempts: number;
  readonly outcome: ExtractionOutcome;
  /** The image to delete once the outcome is stored; null: keep it. */
  readonly deleteBlob: BlobReference | null;
  /** Which cards are to wait for a person; absent: none. */
  readonly review?: ReviewPolicy;
}

/** The wait of a card whose reading was stored as waiting; null: its outcome is final. Histories from before have none. */
export type StoredResult = OpenReview | null;

/** Activities of the role `inference`. */
export interface InferenceActivities {
  readCard(input: ReadCardInput): Promise<ReadCardOutput>;
}

/** Activities of the probe queue: answered at once by a process that lives, however long its other queues are. */
export interface ProbeActivities {
  probeEngines(): Promise<EngineStatus[]>;
}

/** Activities of the role `worker`, which need the database. */
export interface WorkerActivities {
  storeResult(input: StoreResultInput): Promise<StoredResult>;
  removeExpired(): Promise<RemovalReport>;
  /** One turn through a part of the blob store. @returns how many blobs no row named */
  removeOrphans(): Promise<number>;
}

export interface RemovalReport {
  readonly expired: number;
  /** Rows whose workflow was never started. */
  readonly abandoned: number;
}
