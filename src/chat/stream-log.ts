import type { ErrorCode } from '../errors.ts';
import { estimatedUsage, type Finish, type Piece } from './piece.ts';

/**
 * What a chat workflow's history means, once: the workflow, every reader and every retry of the activity fold the same
 * records into the same answer. Nothing here knows Temporal. The protocol is described in docs/stream-protocol.md.
 */

/** Number of the scheduled activity in its workflow, and its attempt: a later writer has the higher epoch. */
export type Epoch = readonly [sequence: number, attempt: number];

export interface StreamFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly param: string | null;
  /** Where it is not what the code says. */
  readonly retryable?: boolean;
  readonly retryAfterSeconds?: number;
}

/** How a stream ended; nothing follows it. */
export type StreamEnd =
  | ({ readonly type: 'finish'; readonly context?: object } & Finish)
  | { readonly type: 'error'; readonly error: StreamFailure };

/**
 * What a writer signals: pieces from position `from` on. The first record of an epoch, which may be empty, is a fence:
 * whatever stands behind it in the history and is of a lower epoch counts for nothing.
 */
export interface StreamRecord {
  readonly epoch: Epoch;
  readonly from: number;
  readonly pieces: readonly Piece[];
  readonly end?: StreamEnd;
}

export interface StreamView {
  readonly pieces: readonly Piece[];
  readonly end: StreamEnd | null;
}

/** The accepted part of a stream while its records arrive in history order. */
export class StreamLog implements StreamView {
  readonly #pieces: Piece[] = [];
  #held: StreamRecord[] = [];
  #epoch: Epoch = [0, 0];
  #end: StreamEnd | null = null;

  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  get end(): StreamEnd | null {
    return this.#end;
  }

  /** Epoch of the writer whose records count. */
  get epoch(): Epoch {
    return this.#epoch;
  }

  /** Takes what is new in a record: what overlaps is dropped, what would leave a gap is held back until it is filled. */
  accept(record: StreamRecord): void {
    const order = compareEpochs(record.epoch, this.#epoch);
    if (this.#end || order < 0) return;
    if (order > 0) {
      this.#epoch = record.epoch;
      this.#held = [];
    }
    this.#held.push(record);
    while (this.#takeOneHeld());
  }

  /**
   * Ends the stream from outside, when its workflow is closed; an end that was recorded before stays. The workflow may
   * know of a cancelled answer's pieces no more than that they are here.
   */
  close(end: StreamEnd): void {
    const uncounted = end.type === 'finish' && end.cancelled && end.usage === null;
    this.#end ??= uncounted ? { ...end, usage: estimatedUsage(this.#pieces.length) } : end;
  }

  #takeOneHeld(): boolean {
    const position = this.#held.findIndex((record) => record.from <= this.#pieces.length);
    const [record] = position < 0 ? [] : this.#held.splice(position, 1);
    if (!record) return false;
    for (const piece of record.pieces.slice(this.#pieces.length - record.from)) this.#pieces.push(piece);
    if (record.end && record.from + record.pieces.length === this.#pieces.length) {
      this.#end = record.end;
      this.#held = [];
    }
    return true;
  }
}

/** Folds records in history order. */
export function foldStream(records: Iterable<StreamRecord>): StreamView {
  const log = new StreamLog();
  for (const record of records) log.accept(record);
  return log;
}

/** Negative when the first is the older writer. */
export function compareEpochs(first: Epoch, second: Epoch): number {
  return first[0] - second[0] || first[1] - second[1];
}
