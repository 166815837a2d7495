import { KtpflowError } from '../../errors.ts';
import { BrokenAnswer } from '../engine-fault.ts';
import type { UpstreamTimeouts } from './options.ts';

/** How long the usage may take after the finish reason; without it the answer is complete all the same. */
const CLOSING_MS = 5_000;
/** How long the response may take to end after [DONE]. */
const DONE_MS = 200;

/**
 * Guards one answer with the three time-outs of a stream and closes its connection when one passes. Armed only while
 * bytes are waited for: a reader that takes its time is not the upstream's fault.
 */
export class StreamWatch {
  readonly #controller = new AbortController();
  readonly #timeouts: UpstreamTimeouts;
  readonly #firstTokenDue: number;
  #phase: 'first-token' | 'tokens' | 'closing' | 'done' = 'first-token';
  #timer: NodeJS.Timeout | undefined;

  constructor(timeouts: UpstreamTimeouts) {
    this.#timeouts = timeouts;
    this.#firstTokenDue = Date.now() + timeouts.firstTokenMs;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  sawToken(): void {
    // Also after a finish reason, which then was none.
    if (this.#phase !== 'done') this.#phase = 'tokens';
  }

  sawFinish(): void {
    if (this.#phase !== 'done') this.#phase = 'closing';
  }

  sawDone(): void {
    this.#phase = 'done';
  }

  /** Any byte is life, but only a token ends the wait for the first one. */
  arm(): void {
    this.disarm();
    const milliseconds = {
      'first-token': Math.max(0, this.#firstTokenDue - Date.now()),
      tokens: this.#timeouts.idleMs,
      closing: CLOSING_MS,
      done: DONE_MS,
    }[this.#phase];
    this.#timer = setTimeout(() => this.#controller.abort(this.#error()), milliseconds);
  }

  disarm(): void {
    clearTimeout(this.#timer);
  }

  /** Closes the connection, if it is still open. */
  close(): void {
    this.disarm();
    this.#controller.abort();
  }

  #error(): KtpflowError {
    return this.#phase === 'first-token'
      ? new KtpflowError('deadline_exceeded', 'The model server did not begin to answer in time.')
      : new BrokenAnswer('The model server stopped in mid-answer.');
  }
}
