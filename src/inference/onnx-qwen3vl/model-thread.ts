import '../refuse-telemetry.ts';
import type { Worker } from 'node:worker_threads';
import { KtpflowError } from '../../errors.ts';
import type { GenerationRequest } from '../engine.ts';
import { startModelThread } from './start-model-thread.ts';
import type { ModelFacts, ThreadAnswer, ThreadData, ThreadFailure, ThreadRequest } from './thread-messages.ts';

/** What somebody who asked the thread is told. */
export interface AnswerListener {
  onBegin(opensThinking: boolean): void;
  onText(text: string): void;
  onFinish(finish: Pick<Extract<ThreadAnswer, { kind: 'finish' }>, 'reason' | 'usage'>): void;
  onError(error: unknown): void;
}

export interface ModelThreadOptions extends ThreadData {
  /** Longest silence of a thread that has work, in milliseconds; then it is ended and started anew. */
  readonly silenceMs?: number;
  /** How a thread is started; tests keep hold of one by it. */
  readonly start?: (data: ThreadData) => Worker;
}

/** A step is a few seconds on a slow machine; a picture of the largest size on one core is the longest. */
const DEFAULT_SILENCE_MS = 300_000;
/** Threads that die before they are ready, in a row: the model does not fit this machine. */
const MAX_FAILED_STARTS = 3;
const CLOSE_GRACE_MS = 5_000;

/**
 * Keeps the thread of a model: starts it, watches over it, and starts it anew where it dies or is silent for too long.
 * Answers of a thread that ended are rejected as retryable.
 */
export class ModelThread {
  readonly #options: ModelThreadOptions;
  readonly #answers = new Map<number, AnswerListener>();
  readonly #counts = new Map<number, { resolve(tokens: number): void; reject(error: unknown): void }>();
  #worker: Worker | null = null;
  #facts: ModelFacts | null = null;
  #fault: string | null = 'The model is being loaded.';
  #watchdog: NodeJS.Timeout | undefined;
  #restart: NodeJS.Timeout | undefined;
  #lastId = 0;
  #failedStarts = 0;
  /** Closed, or given up: not started again. */
  #closed = false;

  constructor(options: ModelThreadOptions) {
    this.#options = options;
  }

  /** Once loaded. */
  get facts(): ModelFacts | null {
    return this.#facts;
  }

  /** Why it cannot answer now; null: it can. */
  get fault(): string | null {
    return this.#facts ? null : this.#fault;
  }

  start(): void {
    if (this.#worker || this.#closed || this.#restart) return;
    const { concurrency, contextTokens, chunkTokens, folder, threads } = this.#options;
    const start = this.#options.start ?? startModelThread;
    this.#worker = start({ concurrency, contextTokens, chunkTokens, folder, threads });
    this.#listen(this.#worker);
  }

  /** @returns a function that stops it */
  generate(request: GenerationRequest, listener: AnswerListener): () => void {
    const id = ++this.#lastId;
    if (!this.#facts) {
      throw new KtpflowError('model_not_ready', this.#fault ?? 'The model is not ready.', { retryAfterSeconds: 10 });
    }
    this.#answers.set(id, listener);
    this.#send({ kind: 'generate', id, request });
    this.#watch();
    return () => {
      if (this.#answers.delete(id)) this.#send({ kind: 'abort', id });
    };
  }

  countTokens(text: string): Promise<number> {
    return new Promise((resolve, reject) => {
      if (!this.#facts) throw new KtpflowError('model_not_ready', 'The model is not ready.', { retryAfterSeconds: 10 });
      const id = ++this.#lastId;
      this.#counts.set(id, { resolve, reject });
      this.#send({ kind: 'count', id, text });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    this.#rejectAll(new KtpflowError('internal', 'The model was closed.', { retryable: true }));
    if (!worker) return;
    await endThread(worker);
  }

  #send(request: ThreadRequest): void {
    this.#worker?.postMessage(request);
  }

  #listen(worker: Worker): void {
    let unusable = false;
    worker.on('error', (error) => {
      // Of the library's own messages none says what somebody could do; the code is enough to look it up.
      this.#fault = `The model cannot be loaded or has failed (${errorCode(error)}).`;
    });
    worker.on('message', (message: ThreadAnswer) => {
      this.#watch();
      if (message.kind === 'ready') {
        this.#facts = message.facts;
        this.#failedStarts = 0;
      } else if (message.kind === 'unusable') {
        unusable = true;
        this.#fault = `The model cannot be used: ${message.message}.`;
      } else this.#tell(message);
    });
    worker.once('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      const wasReady = this.#facts !== null;
      this.#facts = null;
      clearTimeout(this.#watchdog);
      this.#rejectAll(new KtpflowError('internal', "The model's thread ended.", { retryable: true }));
      if (!wasReady) this.#failedStarts++;
      if (unusable || this.#failedStarts >= MAX_FAILED_STARTS) this.#closed = true;
      if (this.#closed) return;
      if (wasReady) this.#fault = 'The model is being loaded again.';
      this.#restart = setTimeout(
        () => {
          this.#restart = undefined;
          this.start();
        },
        500 * 2 ** this.#failedStarts,
      );
    });
  }

  #tell(message: Exclude<ThreadAnswer, { kind: 'ready' | 'unusable' }>): void {
    if (message.kind === 'stepped') return;
    if (message.kind === 'counted') {
      this.#counts.get(message.id)?.resolve(message.tokens);
      this.#counts.delete(message.id);
      return;
    }
    const listener = this.#answers.get(message.id);
    if (!listener) return;
    if (message.kind === 'began') listener.onBegin(message.opensThinking);
    else if (message.kind === 'text') listener.onText(message.text);
    else {
      this.#answers.delete(message.id);
      if (message.kind === 'finish') listener.onFinish(message);
      else listener.onError(errorOf(message.failure));
    }
  }

  /** Every message of the thread winds the watchdog up again; without work it sleeps. */
  #watch(): void {
    clearTimeout(this.#watchdog);
    if (this.#answers.size === 0) return;
    this.#watchdog = setTimeout(() => this.#abandon(), this.#options.silenceMs ?? DEFAULT_SILENCE_MS);
  }

  #abandon(): void {
    const worker = this.#worker;
    if (!worker) return;
    this.#worker = null;
    this.#facts = null;
    this.#fault = 'The model was silent for too long and is being loaded again.';
    this.#rejectAll(new KtpflowError('internal', 'The model was silent for too long.', { retryable: true }));
    // Waited for: two models at once may be more than the machine has memory for.
    void endThread(worker).then(() => this.start());
  }

  #rejectAll(error: KtpflowError): void {
    const waiting = [...this.#answers.values()];
    this.#answers.clear();
    for (const listener of waiting) listener.onError(error);
    for (const { reject } of this.#counts.values()) reject(error);
    this.#counts.clear();
  }
}

/** Asks first: to terminate a thread within a run of its graph can take the whole process. */
async function endThread(worker: Worker): Promise<void> {
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  worker.postMessage({ kind: 'close' } satisfies ThreadRequest);
  const timer = setTimeout(() => void worker.terminate(), CLOSE_GRACE_MS);
  await exited;
  clearTimeout(timer);
}

function errorOf({ code, message, param }: ThreadFailure): KtpflowError {
  if (code) return new KtpflowError(code, message, { param: param ?? undefined });
  return new KtpflowError('upstream_failed', 'The model failed at this request.', { cause: message });
}

function errorCode(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
