/**
 * A question that many ask at once, such as ten callers that come together: those that come while it is being asked share
 * the one after it. So nobody gets an answer from before they asked.
 */
export class SharedQuestion<Answer> {
  readonly #ask: () => Promise<Answer>;
  #running: Promise<Answer> | undefined;
  #next: Promise<Answer> | undefined;

  constructor(ask: () => Promise<Answer>) {
    this.#ask = ask;
  }

  /** @throws what the question throws */
  ask(): Promise<Answer> {
    if (!this.#running) return this.#begin();
    this.#next ??= this.#running.then(
      () => this.#beginNext(),
      () => this.#beginNext(),
    );
    return this.#next;
  }

  #beginNext(): Promise<Answer> {
    this.#next = undefined;
    return this.#begin();
  }

  #begin(): Promise<Answer> {
    const running = this.#ask();
    this.#running = running;
    const end = (): void => {
      if (this.#running === running) this.#running = undefined;
    };
    running.then(end, end);
    return running;
  }
}
