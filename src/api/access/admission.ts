import { KtpflowError } from '../../errors.ts';

const RETRY_AFTER_SECONDS = 5;

/**
 * Bounds the interactive requests that wait in this process: accepted, without an answer (or the first piece of one)
 * yet. Over the bound a caller is told at once, instead of standing in a queue that it will not live to see the end of.
 */
export class Admission {
  readonly #limit: number;
  readonly #onChange: (waiting: number) => void;
  #waiting = 0;

  constructor(limit: number, onChange: (waiting: number) => void = () => {}) {
    this.#limit = limit;
    this.#onChange = onChange;
  }

  /**
   * Takes a place; the returned function gives it back and may be called twice.
   * @throws KtpflowError queue_full
   */
  enter(): () => void {
    if (this.#waiting >= this.#limit) {
      throw new KtpflowError('queue_full', 'Too many requests are waiting; try again shortly.', {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    this.#change(1);
    let inside = true;
    return () => {
      if (inside) this.#change(-1);
      inside = false;
    };
  }

  #change(by: 1 | -1): void {
    this.#waiting += by;
    this.#onChange(this.#waiting);
  }
}
