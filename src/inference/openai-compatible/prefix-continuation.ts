/** A shorter prefix could be repeated by an honest continuation ("00" after "00"). */
const SHORTEST_ECHO = 4;

/**
 * Joins a continued answer to what was recorded of it. The prefix is sent without the blanks at its end, since chat
 * templates strip them and tokenizers put them in front of the next word; the answer then brings them again, and they
 * are dropped here, as is the whole prefix where a server repeats it before going on.
 */
export class PrefixContinuation {
  /** What to send as the assistant's unfinished message; empty: nothing worth sending. */
  readonly sent: string;
  #tail: string;
  #held = '';
  #state: 'echo' | 'tail' | 'open';

  constructor(prefix: string) {
    this.sent = prefix.trimEnd();
    this.#tail = prefix.slice(this.sent.length);
    this.#state = this.sent.length >= SHORTEST_ECHO ? 'echo' : 'tail';
  }

  /** Text of the continuation that is new. */
  push(text: string): string {
    if (this.#state === 'open') return text;
    this.#held += text;
    if (this.#state === 'echo') {
      if (this.#held.startsWith(this.sent)) this.#held = this.#held.slice(this.sent.length);
      else if (this.sent.startsWith(this.#held)) return '';
      this.#state = 'tail';
    }
    if (this.#held.length < this.#tail.length && this.#tail.startsWith(this.#held)) return '';
    return this.end();
  }

  /** What was held back, once no more text comes. */
  end(): string {
    let same = 0;
    // What looked like the begin of an echo and was none may be the blanks of the tail.
    if (this.#state !== 'open') while (same < this.#tail.length && this.#tail[same] === this.#held[same]) same++;
    const text = this.#held.slice(same);
    this.#held = '';
    this.#state = 'open';
    return text;
  }
}
