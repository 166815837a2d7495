/** Looks for the ends that a caller asked for, wherever the borders of tokens fall; the end itself is not shown. */
export class StopStrings {
  readonly #stops: readonly string[];
  #held = '';

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== '');
  }

  /** Text that can be shown now; what may be the beginning of an end is held back. */
  push(text: string): { readonly text: string; readonly stopped: boolean } {
    this.#held += text;
    const at = this.#stops.map((stop) => this.#held.indexOf(stop)).filter((index) => index >= 0);
    if (at.length > 0) return { text: this.#held.slice(0, Math.min(...at)), stopped: true };
    const keep = Math.max(0, ...this.#stops.map((stop) => partialLength(this.#held, stop)));
    const shown = this.#held.slice(0, this.#held.length - keep);
    this.#held = this.#held.slice(this.#held.length - keep);
    return { text: shown, stopped: false };
  }

  /** What was held back, once no more text comes. */
  end(): string {
    const text = this.#held;
    this.#held = '';
    return text;
  }
}

/** Length of the longest end of `text` that `stop` begins with. */
function partialLength(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) {
    if (stop.startsWith(text.slice(-length))) return length;
  }
  return 0;
}
