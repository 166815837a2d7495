import type { BatchOutput, Helpers, LineBatch } from '../ppocr/line-batches.ts';
import type { Helped, ThreadAnswer } from './thread-messages.ts';

/** The other threads of the pool, seen from one of them: while they are idle they read a part of its lines. */
export class IdleThreads implements Helpers {
  readonly count: number;
  readonly #idle: Int32Array;
  readonly #send: (message: ThreadAnswer) => void;
  readonly #loans = new Map<number, (outputs: readonly BatchOutput[] | null) => void>();
  #last = 0;

  /** `idle` is the pool's count of idle threads, `count` how many others it has, `send` posts to the pool. */
  constructor(idle: Int32Array, count: number, send: (message: ThreadAnswer) => void) {
    this.count = count;
    this.#idle = idle;
    this.#send = send;
  }

  get idle(): number {
    return Math.max(0, Atomics.load(this.#idle, 0));
  }

  run(batches: readonly LineBatch[]): Promise<readonly BatchOutput[] | null> {
    const loan = ++this.#last;
    return new Promise((resolve) => {
      this.#loans.set(loan, resolve);
      this.#send({ kind: 'lend', loan, batches });
    });
  }

  /** The pool's answer to a loan. */
  settle({ loan, outputs }: Helped): void {
    this.#loans.get(loan)?.(outputs);
    this.#loans.delete(loan);
  }
}
