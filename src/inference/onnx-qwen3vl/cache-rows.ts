import { Tensor } from 'onnxruntime-node';
import type { CacheLayout } from './graphs.ts';

/**
 * Tokens by which the cache that the decoder sees grows. It reads room that is empty along with what is filled; to grow
 * moves what is filled.
 */
const STEP_TOKENS = 64;

/** Keys or values of one layer, head after head, with room behind each head's last token. */
export class CacheRows {
  readonly #layout: CacheLayout;
  /** More than is shown to the decoder: the system lends its memory only once something is written there. */
  #data = new Float32Array(0);
  #tensor: Tensor | undefined;
  #capacity = 0;
  #length = 0;

  constructor(layout: CacheLayout) {
    this.#layout = layout;
  }

  /** @param rows of new tokens, token after token, each of all heads. @returns all that is filled, and some room */
  append(rows: Tensor): Tensor {
    const { heads, headSize, shape } = this.#layout;
    const { data } = rows;
    if (!(data instanceof Float32Array)) throw new RangeError('the decoder puts out no 32-bit floats');
    const tokens = data.length / (heads * headSize);
    if (this.#length + tokens > this.#capacity) this.#grow(this.#length + tokens);
    for (let from = 0, token = this.#length; token < this.#length + tokens; token++) {
      for (let head = 0; head < heads; head++, from += headSize) {
        this.#data.set(data.subarray(from, from + headSize), (head * this.#capacity + token) * headSize);
      }
    }
    this.#length += tokens;
    const shown = this.#data.subarray(0, heads * this.#capacity * headSize);
    this.#tensor ??= new Tensor('float32', shown, shape(this.#capacity));
    return this.#tensor;
  }

  #grow(tokens: number): void {
    const { heads, headSize } = this.#layout;
    const before = this.#capacity;
    this.#capacity = Math.ceil(tokens / STEP_TOKENS) * STEP_TOKENS;
    this.#tensor = undefined;
    const from = this.#data;
    const size = heads * this.#capacity * headSize;
    if (size > from.length) this.#data = new Float32Array(Math.ceil(1.5 * size));
    // The last one first: within one buffer each moves to where its successor has been.
    for (let head = heads - 1; head >= 0; head--) {
      const start = head * before * headSize;
      const filled = from.subarray(start, start + this.#length * headSize);
      this.#data.set(filled, head * this.#capacity * headSize);
    }
  }
}
