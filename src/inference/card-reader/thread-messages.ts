import type { ErrorCode } from '../../errors.ts';
import type { CardReading, ReadCardStage } from './read-card.ts';

export interface ModelPaths {
  readonly detectionModelPath: string;
  readonly recognitionModelPath: string;
}

/** What a thread is started with. */
export interface ThreadData extends ModelPaths {
  readonly intraOpThreads: number;
}

/** From the pool to a thread. A thread reads one card at a time. */
export type ThreadRequest =
  | { readonly kind: 'read'; readonly bytes: Uint8Array; readonly rejectLowQuality: boolean }
  | { readonly kind: 'abort' }
  | { readonly kind: 'close' };

/** An error's parts: an Error's own fields do not survive the way between threads. */
export interface ThreadFailure {
  readonly code: ErrorCode | null;
  readonly message: string;
}

/** From a thread to the pool. */
export type ThreadAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'stage'; readonly stage: ReadCardStage }
  | { readonly kind: 'done'; readonly reading: CardReading }
  | { readonly kind: 'failed'; readonly failure: ThreadFailure };
