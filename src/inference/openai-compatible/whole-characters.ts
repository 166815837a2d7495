const ENDS_IN_HALF = /[\uD800-\uDBFF]$/;

/**
 * Keeps characters whole: the first half of one at the end of a delta (a surrogate, half an emoji) waits for the
 * second. A half that stays alone becomes U+FFFD, as it cannot be written in UTF-8.
 */
export class WholeCharacters {
  #half = '';

  push(text: string): string {
    const joined = this.#half + text;
    this.#half = ENDS_IN_HALF.test(joined) ? joined.slice(-1) : '';
    return toWellFormed(this.#half === '' ? joined : joined.slice(0, -1));
  }

  /** What was held back, once no more text comes. */
  end(): string {
    const text = toWellFormed(this.#half);
    this.#half = '';
    return text;
  }
}

/**
 * Halves of characters become U+FFFD: String.prototype.toWellFormed, which TypeScript's library for Node 20 does not know
 * yet.
 */
export function toWellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\uFFFD');
}
