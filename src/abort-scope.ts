/**
 * A signal that is aborted by any of several others or after a time, for as long as a piece of work lasts:
 * `using scope = new AbortScope(…)`. In place of AbortSignal.any, which keeps its sources weakly in Node 20, so that a
 * time-out that nothing else holds is collected and never comes, and which leaves something behind on a source that
 * lives as long as the process.
 */
export class AbortScope implements Disposable {
  readonly #controller = new AbortController();
  readonly #sources: readonly AbortSignal[];
  readonly #timer: NodeJS.Timeout | undefined;
  #timedOut = false;

  /** @param timeoutMs milliseconds from now; the reason is then a DOMException named TimeoutError */
  constructor(sources: readonly (AbortSignal | undefined)[], timeoutMs?: number) {
    this.#sources = sources.filter((source) => source !== undefined);
    for (const source of this.#sources) source.addEventListener('abort', this.#stop, { once: true });
    if (timeoutMs !== undefined) this.#timer = setTimeout(this.#timeOut, timeoutMs);
    if (this.#sources.some((source) => source.aborted)) this.#stop();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it was the time that was over first. */
  get timedOut(): boolean {
    return this.#timedOut;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const source of this.#sources) source.removeEventListener('abort', this.#stop);
  }

  readonly #stop = (): void => {
    const first = this.#sources.find((source) => source.aborted);
    this.#controller.abort(first?.reason);
    clearTimeout(this.#timer);
  };

  readonly #timeOut = (): void => {
    if (this.signal.aborted) return;
    this.#timedOut = true;
    this.#controller.abort(new DOMException('The time is over.', 'TimeoutError'));
  };
}
