/** A model that says the same again and again does not come back: so many tokens of it are enough. */
const MIN_LOOP_TOKENS = 192;
const MIN_ROUNDS = 6;
const LONGEST_PERIOD = 96;

/** Notices when the end of an answer is one short sequence of tokens, over and over. */
export class RepetitionLoop {
  readonly #ids: number[] = [];
  /** For each period: how many tokens at the end equal the one a period before. */
  readonly #equal = new Int32Array(LONGEST_PERIOD + 1);

  /** @returns whether the answer runs in a loop */
  push(id: number): boolean {
    const ids = this.#ids;
    let loops = false;
    for (let period = 1; period <= LONGEST_PERIOD; period++) {
      const same = ids.length >= period && ids[ids.length - period] === id;
      const equal = same ? (this.#equal[period] ?? 0) + 1 : 0;
      this.#equal[period] = equal;
      if (equal + period >= Math.max(MIN_LOOP_TOKENS, period * MIN_ROUNDS)) loops = true;
    }
    ids.push(id);
    if (ids.length > 4 * LONGEST_PERIOD) ids.splice(0, ids.length - LONGEST_PERIOD);
    return loops;
  }
}
