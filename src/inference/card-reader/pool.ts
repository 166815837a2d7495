import '../refuse-telemetry.ts';
import type { Worker } from 'node:worker_threads';
import { KtpflowError } from '../../errors.ts';
import type { CardReading, ReadCardStage } from './read-card.ts';
import { startCardThread } from './start-card-thread.ts';
import type { Helped, ModelPaths, ThreadAnswer, ThreadData, ThreadRequest } from './thread-messages.ts';

export interface CardReaderPoolOptions {
  readonly modelPaths: ModelPaths;
  /**
   * Cards read at the same time, each by a thread with models of its own (about 150 MB). One that has no card reads a part
   * of the others' lines. Default 2.
   */
  readonly threads?: number;
  /** Threads that a run of a model may use within a card. Default 1. */
  readonly intraOpThreads?: number;
  readonly limits?: Partial<PoolLimits>;
  /** A thread that hangs in native code cannot be ended: only the end of the process helps. Default: nothing. */
  readonly onStuck?: () => void;
}

/** Milliseconds after which a thread is taken for hung and replaced. */
interface PoolLimits {
  /** Loading the models. */
  readonly start: number;
  /** A card, or lines of another's; less than the time-out of the activity, so that its retry finds a thread. */
  readonly read: number;
  /** The step at which a card that nobody waits for any more is given up. */
  readonly abort: number;
  /** Ending by itself once it is asked to; then it is torn out, and has the same time again. */
  readonly end: number;
}

const LIMITS_MS: PoolLimits = { start: 120_000, read: 100_000, abort: 20_000, end: 15_000 };

export interface PoolReadOptions {
  readonly signal?: AbortSignal;
  readonly rejectLowQuality?: boolean;
  readonly onStage?: (stage: ReadCardStage) => void;
}

export interface CardReaderPool {
  /** Resolves once every thread has loaded its models; rejects where one cannot. */
  readonly ready: Promise<void>;
  /** Whether a thread could read a card now; failed: none can be started, though it is tried again and again. */
  readonly state: 'loading' | 'ready' | 'failed';
  /** Cards that wait for a thread. */
  readonly waiting: number;
  /**
   * Reads one card; waits while all threads are busy, first come, first served.
   * @throws KtpflowError as readCard; `internal` (retryable) where the thread died or hung; the signal's reason on abort, at
   * once, while the thread gives up at its next step.
   */
  read(bytes: Uint8Array, options?: PoolReadOptions): Promise<CardReading>;
  /** Ends the threads; cards that were not finished are rejected. */
  close(): Promise<void>;
}

interface Job {
  readonly bytes: Uint8Array;
  readonly options: PoolReadOptions;
  readonly resolve: (reading: CardReading) => void;
  readonly reject: (error: unknown) => void;
}

interface Slot {
  worker: Worker;
  /** The card in the thread's hands, with `job` gone once nobody waits for it any more. */
  busy: { job: Job | null } | null;
  /** Whose lines the thread reads between cards, by the lender's number of the loan. */
  helping: { readonly lender: Worker; readonly loan: number } | null;
  state: 'starting' | 'ready' | 'failed' | 'closed';
  /** Threads that died in a row before they were ready. */
  failedStarts: number;
  /** Replaces the thread unless it answers before. */
  watch: NodeJS.Timeout | undefined;
}

/** After so many starts in vain (a broken model file, no memory) cards are refused instead of waiting for the next. */
const MAX_FAILED_STARTS = 5;
const LONGEST_PAUSE_MS = 30_000;
/** How long a closing thread may take to release its models: longer than the longest run of one on a crowded machine. */
const CLOSE_GRACE_MS = 10_000;

/** Starts the threads. `start` is how a thread is started; tests keep hold of one by it. */
export function createCardReaderPool(options: CardReaderPoolOptions, start = startCardThread): CardReaderPool {
  return new WorkerPool(options, start);
}

class WorkerPool implements CardReaderPool {
  readonly ready: Promise<void>;
  readonly #start: (data: ThreadData) => Worker;
  readonly #data: ThreadData;
  readonly #limits: PoolLimits;
  readonly #onStuck: () => void;
  readonly #slots: Slot[] = [];
  readonly #queue: Job[] = [];
  readonly #idle = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #closed = false;

  constructor(
    { modelPaths, threads = 2, intraOpThreads = 1, limits, onStuck = () => undefined }: CardReaderPoolOptions,
    start: (data: ThreadData) => Worker,
  ) {
    this.#start = start;
    this.#data = { ...modelPaths, intraOpThreads, others: threads - 1, idle: this.#idle };
    this.#limits = { ...LIMITS_MS, ...limits };
    this.#onStuck = onStuck;
    const starts: Promise<void>[] = [];
    for (let index = 0; index < threads; index++) {
      starts.push(
        new Promise((resolve, reject) => {
          this.#slots.push(this.#startSlot(resolve, reject));
        }),
      );
    }
    this.ready = Promise.all(starts).then(() => undefined);
    // Whoever does not wait for `ready` learns of the failure from read().
    this.ready.catch(() => undefined);
  }

  get state(): 'loading' | 'ready' | 'failed' {
    if (this.#slots.some(({ state }) => state === 'ready')) return 'ready';
    return this.#slots.some(({ state }) => state === 'starting') ? 'loading' : 'failed';
  }

  get waiting(): number {
    return this.#queue.length;
  }

  read(bytes: Uint8Array, options: PoolReadOptions = {}): Promise<CardReading> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new KtpflowError('internal', 'The card reader is closed.', { retryable: true });
      signal?.throwIfAborted();
      const settle =
        <T>(action: (value: T) => void) =>
        (value: T): void => {
          signal?.removeEventListener('abort', onAbort);
          action(value);
        };
      const job: Job = { bytes, options, resolve: settle(resolve), reject: settle(reject) };
      const onAbort = (): void => this.#abort(job);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(job);
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const gone = (): KtpflowError => new KtpflowError('internal', 'The card reader was closed.', { retryable: true });
    for (const job of this.#queue.splice(0)) job.reject(gone());
    await Promise.all(
      this.#slots.map(async (slot) => {
        slot.busy?.job?.reject(gone());
        slot.busy = null;
        clearTimeout(slot.watch);
        const isRunning = slot.state === 'starting' || slot.state === 'ready';
        slot.state = 'closed';
        if (!isRunning) return;
        const exited = new Promise<void>((resolve) => slot.worker.once('exit', () => resolve()));
        this.#send(slot, { kind: 'close' });
        const timer = setTimeout(() => void slot.worker.terminate(), CLOSE_GRACE_MS);
        await exited;
        clearTimeout(timer);
      }),
    );
  }

  #abort(job: Job): void {
    const index = this.#queue.indexOf(job);
    if (index >= 0) this.#queue.splice(index, 1);
    for (const slot of this.#slots) {
      if (slot.busy?.job !== job) continue;
      slot.busy.job = null;
      this.#send(slot, { kind: 'abort' });
      this.#watch(slot, this.#limits.abort);
    }
    job.reject(job.options.signal?.reason);
  }

  #dispatch(): void {
    for (const slot of this.#slots) {
      if (!isIdle(slot)) continue;
      const job = this.#queue.shift();
      if (!job) break;
      slot.busy = { job };
      this.#watch(slot, this.#limits.read);
      this.#send(slot, {
        kind: 'read',
        bytes: job.bytes,
        rejectLowQuality: job.options.rejectLowQuality ?? false,
      });
    }
    Atomics.store(this.#idle, 0, this.#slots.filter(isIdle).length);
    if (this.state === 'failed') {
      for (const job of this.#queue.splice(0)) {
        job.reject(new KtpflowError('model_not_ready', 'The OCR models cannot be loaded.', { retryAfterSeconds: 30 }));
      }
    }
  }

  #send(slot: Slot, request: ThreadRequest): void {
    slot.worker.postMessage(request);
  }

  /** Gives lines of a thread's card to one that has nothing to do. */
  #lend(lender: Slot, { loan, batches }: Extract<ThreadAnswer, { kind: 'lend' }>): void {
    const helper = this.#slots.find(isIdle);
    if (!helper || this.#closed) {
      this.#send(lender, { kind: 'helped', loan, outputs: null });
      return;
    }
    helper.helping = { lender: lender.worker, loan };
    // No less than for a card: on a crowded machine a thread is slow long before it hangs.
    this.#watch(helper, this.#limits.read);
    // Not cloned once more on their way.
    const pixels = batches.map((batch) => batch.pixels.buffer as ArrayBuffer);
    helper.worker.postMessage({ kind: 'help', batches } satisfies ThreadRequest, pixels);
    this.#dispatch();
  }

  /** Hands what a helper read, or null, on to the thread that lent it, if that is still there. */
  #endHelp(helper: Slot, outputs: Helped['outputs']): void {
    const { helping } = helper;
    if (!helping) return;
    helper.helping = null;
    const lender = this.#slots.find(({ worker }) => worker === helping.lender);
    if (lender) this.#send(lender, { kind: 'helped', loan: helping.loan, outputs });
  }

  /** Gives a thread so many milliseconds to answer, instead of what it had. */
  #watch(slot: Slot, limitMs: number): void {
    clearTimeout(slot.watch);
    slot.watch = setTimeout(() => this.#replace(slot), limitMs);
    slot.watch.unref();
  }

  /**
   * Ends a thread that hangs; its `exit` starts the next one. It is asked first: a thread that is only slow and is torn out
   * of a run of a model takes the process with it (Node-API aborts where it can throw no exception).
   */
  #replace(slot: Slot): void {
    slot.busy?.job?.reject(new KtpflowError('internal', 'Reading the card took too long.', { retryable: true }));
    // Not idle until the next thread has started.
    slot.busy = { job: null };
    this.#endHelp(slot, null);
    const { worker } = slot;
    // Its late answer must not get the next card.
    worker.removeAllListeners('message');
    this.#send(slot, { kind: 'close' });
    slot.watch = setTimeout(() => {
      slot.watch = setTimeout(this.#onStuck, this.#limits.end);
      void worker.terminate();
    }, this.#limits.end);
  }

  #startSlot(onReady: () => void, onDead: (error: unknown) => void): Slot {
    const worker = this.#start(this.#data);
    const slot: Slot = { worker, busy: null, helping: null, state: 'starting', failedStarts: 0, watch: undefined };
    this.#listen(slot, onReady, onDead);
    return slot;
  }

  #listen(slot: Slot, onReady: () => void, onDead: (error: unknown) => void): void {
    const { worker } = slot;
    let cause: unknown;
    this.#watch(slot, this.#limits.start);
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('message', (message: ThreadAnswer) => {
      if (message.kind === 'ready') {
        clearTimeout(slot.watch);
        slot.state = this.#closed ? 'closed' : 'ready';
        slot.failedStarts = 0;
        onReady();
        this.#dispatch();
      } else this.#settle(slot, message);
    });
    worker.once('exit', () => {
      clearTimeout(slot.watch);
      if (this.#closed) return;
      const wasReady = slot.state === 'ready';
      slot.state = 'starting';
      slot.busy?.job?.reject(
        new KtpflowError('internal', 'The thread that read the card ended.', { retryable: true, cause }),
      );
      slot.busy = null;
      this.#endHelp(slot, null);
      if (!wasReady) slot.failedStarts++;
      if (slot.failedStarts >= MAX_FAILED_STARTS) {
        slot.state = 'failed';
        onDead(cause);
        this.#dispatch();
      }
      const pause = slot.failedStarts === 0 ? 0 : Math.min(100 * 2 ** slot.failedStarts, LONGEST_PAUSE_MS);
      setTimeout(() => {
        if (this.#closed) return;
        slot.worker = this.#start(this.#data);
        this.#listen(slot, onReady, onDead);
      }, pause);
    });
  }

  #settle(slot: Slot, message: Exclude<ThreadAnswer, { kind: 'ready' }>): void {
    if (message.kind === 'lend') {
      this.#lend(slot, message);
      return;
    }
    if (message.kind === 'helpGiven') {
      clearTimeout(slot.watch);
      this.#endHelp(slot, message.outputs);
      this.#dispatch();
      return;
    }
    const job = slot.busy?.job;
    if (message.kind === 'stage') {
      job?.options.onStage?.(message.stage);
      return;
    }
    slot.busy = null;
    clearTimeout(slot.watch);
    if (message.kind === 'done') job?.resolve(message.reading);
    else {
      const { code, message: text } = message.failure;
      job?.reject(
        code ? new KtpflowError(code, text) : new KtpflowError('internal', 'Reading the card failed.', { cause: text }),
      );
    }
    this.#dispatch();
  }
}

function isIdle({ state, busy, helping }: Slot): boolean {
  return state === 'ready' && !busy && !helping;
}
