import type { Generation } from '../../chat/generation.ts';
import { StreamLog, type StreamView } from '../../chat/stream-log.ts';
import {
  followStream,
  type KeyedRun,
  StreamGoneError,
  type StreamSource,
} from '../../stream-history/stream-history.ts';

export interface LiveStreamOptions {
  readonly source: StreamSource;
  readonly generation: Generation;
  readonly run: KeyedRun;
  /** Where the stream may be when its history is gone. */
  readonly readTranscript: () => Promise<StreamView | null>;
  readonly onFault: (error: unknown) => void;
  /** Seconds from Temporal's taking a piece to its arrival here. */
  readonly onLag: (seconds: number) => void;
}

/** One stream, followed once and read from memory by as many as want. */
export class LiveStream {
  readonly #options: LiveStreamOptions;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<() => void>();
  readonly #log = new StreamLog();
  #view: StreamView = this.#log;
  #closedAt: Date | null = null;
  readers = 0;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
    void this.#follow();
  }

  get generation(): Generation {
    return this.#options.generation;
  }

  get run(): KeyedRun {
    return this.#options.run;
  }

  get view(): StreamView {
    return this.#view;
  }

  /** When the run was closed; null while it is open. */
  get closedAt(): Date | null {
    return this.#closedAt;
  }

  /** Resolves at the next change, or when the signal is aborted. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#listeners.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      if (signal.aborted) return done();
      signal.addEventListener('abort', done, { once: true });
      this.#listeners.add(done);
    });
  }

  stop(): void {
    this.#stop.abort();
  }

  async #follow(): Promise<void> {
    const { onFault, onLag, run, source } = this.#options;
    // Of a stream that others have followed the first batch is what was there before.
    let isLive = false;
    try {
      for await (const batch of followStream(source, run, this.#stop.signal)) {
        for (const record of batch.records) this.#log.accept(record);
        if (isLive && batch.takenAt) onLag((Date.now() - batch.takenAt.getTime()) / 1000);
        isLive = true;
        if (batch.closed) {
          this.#log.close(batch.closed.end);
          this.#closedAt = batch.closed.at;
        }
        this.#notify();
      }
    } catch (error) {
      if (!(error instanceof StreamGoneError)) onFault(error);
      await this.#takeTranscript();
      this.#notify();
    }
  }

  async #takeTranscript(): Promise<void> {
    const transcript = await this.#options.readTranscript().catch((error: unknown) => {
      this.#options.onFault(error);
      return null;
    });
    if (transcript) this.#view = transcript;
    else this.#log.close({ type: 'error', error: { code: 'internal', message: LOST, param: null } });
    this.#closedAt = new Date();
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

const LOST = 'The answer is lost: the workflow service does not know it any more.';
