/**
 * The disconnect rule: who still reads a stream, and when it is to be cancelled because nobody does. Each API process
 * with readers renews its lease; a process that died without leaving is given a whole renewal interval more, so that
 * an answer is never cancelled too early. Times are milliseconds of one clock, the workflow's.
 */
export class ReaderLeases {
  readonly #renewedAt = new Map<string, number>();
  readonly #renewalMs: number;
  readonly #limitMs: number;
  #lastLeftAt: number;
  #departures = 0;

  constructor(options: { renewalMs: number; limitMs: number; now: number }) {
    this.#renewalMs = options.renewalMs;
    this.#limitMs = options.limitMs;
    this.#lastLeftAt = options.now;
  }

  /** A process has readers, or still has them. */
  renew(holder: string, now: number): void {
    this.#renewedAt.set(holder, now);
  }

  /** A process has no readers any more. */
  leave(holder: string, now: number): void {
    this.#renewedAt.delete(holder);
    this.#lastLeftAt = now;
    this.#departures++;
  }

  /** Grows when the deadline may have come nearer. */
  get departures(): number {
    return this.#departures;
  }

  /** When the stream is to be cancelled unless somebody comes. */
  get deadline(): number {
    const ends = [...this.#renewedAt.values()].map((renewedAt) => renewedAt + this.#renewalMs);
    return Math.max(this.#lastLeftAt, ...ends) + this.#limitMs;
  }
}
