import type { ErrorCode } from '../../errors.ts';
import type { BatchOutput, LineBatch } from '../ppocr/line-batches.ts';
import type { CardReading, ReadCardStage } from './read-card.ts';

export interface ModelPaths {
  readonly detectionModelPath: string;
  readonly recognitionModelPath: string;
}

/** What a thread is started with. */
export interface ThreadData extends ModelPaths {
  readonly intraOpThreads: number;
  /** How many other threads the pool has. */
  readonly others: number;
  /** Shared memory: how many threads of the pool have nothing to do now. */
  readonly idle: Int32Array;
}

/** From the pool to a thread. A thread reads one card at a time. */
export type ThreadRequest =
  | { readonly kind: 'read'; readonly bytes: Uint8Array; readonly rejectLowQuality: boolean }
  | { readonly kind: 'abort' }
  | { readonly kind: 'help'; readonly batches: readonly LineBatch[] }
  | Helped
  | { readonly kind: 'close' };

/** What became of lines that a thread lent to another; null: nobody read them. */
export interface Helped {
  readonly kind: 'helped';
  /** The lender's own number of the loan. */
  readonly loan: number;
  readonly outputs: readonly BatchOutput[] | null;
}

/** An error's parts: an Error's own fields do not survive the way between threads. */
export interface ThreadFailure {
  readonly code: ErrorCode | null;
  readonly message: string;
}

/** From a thread to the pool. */
export type ThreadAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'stage'; readonly stage: ReadCardStage }
  | { readonly kind: 'lend'; readonly loan: number; readonly batches: readonly LineBatch[] }
  | { readonly kind: 'helpGiven'; readonly outputs: readonly BatchOutput[] | null }
  | { readonly kind: 'done'; readonly reading: CardReading }
  | { readonly kind: 'failed'; readonly failure: ThreadFailure };
