import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { flushGapMs } from '../../chat/flush-gap.ts';
import type { Piece } from '../../chat/piece.ts';
import type { Epoch, StreamEnd, StreamRecord } from '../../chat/stream-log.ts';

/** The workflow does not take records any more: it has ended, or was removed. */
export class StreamClosedError extends Error {
  override readonly name = 'StreamClosedError';
}

export interface RecorderOptions {
  readonly epoch: Epoch;
  /** Pieces that were recorded before. */
  readonly from: number;
  /** Records that the run holds already. */
  readonly recorded: number;
  /**
   * Hands a record over; resolves when it is acknowledged.
   * @throws StreamClosedError where that can never be; after any other error it is tried again
   */
  readonly send: (record: StreamRecord) => Promise<void>;
  /** Called once when the stream turns out to be closed: there is nobody left to generate for. */
  readonly onClosed: () => void;
  /** Ends the trying. */
  readonly abandon: AbortSignal;
}

/** A record stays far below Temporal's 2 MB a payload. */
const MAX_RECORD_CHARACTERS = 400_000;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1000;
/** Share of the newest round trip in the smoothed one. */
const SMOOTHING = 0.3;

/**
 * Records pieces in order: the first at once, then one record at a time with a gap in between (flush-gap.ts), each with
 * everything that has come meanwhile.
 */
export class StreamRecorder {
  readonly #options: RecorderOptions;
  #queue: Piece[] = [];
  #end: StreamEnd | null = null;
  #position: number;
  #recorded: number;
  #roundTripMs: number | null = null;
  #notBefore = 0;
  #hurry = new AbortController();
  #writing: Promise<void> | null = null;
  #closed = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#position = options.from;
    this.#recorded = options.recorded;
  }

  /** Pieces of the answer so far, recorded or on their way. */
  get count(): number {
    return this.#position + this.#queue.length;
  }

  push(piece: Piece): void {
    this.#queue.push(piece);
    this.#run();
  }

  /** Records what is queued, then the end; resolves when all of it is acknowledged. @throws StreamClosedError */
  async finish(end: StreamEnd): Promise<void> {
    this.#end = end;
    this.#run();
    this.#hurry.abort();
    await this.#writing;
  }

  /** Records what is queued, without an end, for another attempt to go on from. @throws StreamClosedError */
  async flush(): Promise<void> {
    this.#hurry.abort();
    await this.#writing;
  }

  #run(): void {
    if (this.#writing || this.#closed) return;
    this.#writing = this.#write();
    // Whoever awaits finish() or flush() is told; onClosed tells the others.
    this.#writing.catch(() => {});
  }

  async #write(): Promise<void> {
    try {
      // What an engine yields in one turn goes out in one record.
      await nextTurn();
      while (this.#queue.length > 0 || this.#end) {
        await this.#waitForGap();
        await this.#writeOne();
      }
      // Set before anybody else runs: a piece that is pushed now starts a new round.
      this.#writing = null;
    } catch (error) {
      this.#closed = true;
      this.#options.onClosed();
      throw error;
    }
  }

  async #writeOne(): Promise<void> {
    const from = this.#position;
    const pieces = this.#takeBatch();
    const end = this.#queue.length === 0 ? this.#end : null;
    if (end) this.#end = null;
    const startedAt = performance.now();
    await sendRecord({ epoch: this.#options.epoch, from, pieces, ...(end && { end }) }, this.#options);
    const tookMs = performance.now() - startedAt;
    this.#roundTripMs = (this.#roundTripMs ?? tookMs) * (1 - SMOOTHING) + tookMs * SMOOTHING;
    this.#recorded++;
    this.#notBefore = startedAt + flushGapMs(this.#recorded, this.#roundTripMs);
  }

  #takeBatch(): Piece[] {
    let characters = 0;
    let count = 0;
    for (const piece of this.#queue) {
      characters += JSON.stringify(piece).length;
      if (count > 0 && characters > MAX_RECORD_CHARACTERS) break;
      count++;
    }
    this.#position += count;
    return this.#queue.splice(0, count);
  }

  async #waitForGap(): Promise<void> {
    const waitMs = this.#notBefore - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: this.#hurry.signal }).catch(() => undefined);
  }
}

/**
 * Sends a record until it is acknowledged: one that arrived without our learning it is dropped as a repeat.
 * @throws StreamClosedError; the last error once `abandon` is aborted
 */
export async function sendRecord(
  record: StreamRecord,
  { abandon, send }: Pick<RecorderOptions, 'abandon' | 'send'>,
): Promise<void> {
  for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)) {
    try {
      return await send(record);
    } catch (error) {
      if (error instanceof StreamClosedError || abandon.aborted) throw error;
    }
    await sleep(retryMs, undefined, { signal: abandon }).catch(() => undefined);
  }
}
