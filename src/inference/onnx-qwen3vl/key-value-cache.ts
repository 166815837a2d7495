import { Tensor } from 'onnxruntime-node';
import type { CacheData, CacheLayout, Qwen3VlGraphs } from './graphs.ts';

/**
 * Room is taken in steps: all that an answer may need would be a gigabyte for 4,000 tokens of a 2B. In small ones, since
 * onnxruntime-node (1.30 and before) copies every output into memory of JavaScript's, room that is empty along with it.
 */
const STEP_TOKENS = 64;

/** What the decoder remembers of one answer. */
export class KeyValueCache {
  readonly #layouts: readonly CacheLayout[];
  readonly #inPlace: boolean;
  #tensors = new Map<string, Tensor>();
  #capacity = 0;
  #length = 0;

  constructor({ caches, cacheInPlace }: Qwen3VlGraphs) {
    this.#layouts = caches;
    this.#inPlace = cacheInPlace;
    this.#allocate(0);
  }

  /** Tokens that are remembered. */
  get length(): number {
    return this.#length;
  }

  /** Tensors by the names of the decoder's inputs, with room for so many more tokens. */
  withRoomFor(tokens: number): ReadonlyMap<string, Tensor> {
    const needed = this.#length + tokens;
    if (this.#inPlace && needed > this.#capacity) this.#allocate(Math.ceil(needed / STEP_TOKENS) * STEP_TOKENS);
    return this.#tensors;
  }

  /** After a call of the decoder. */
  advance(tokens: number, present: (name: string) => Tensor | undefined): void {
    this.#length += tokens;
    if (this.#inPlace) return;
    for (const { name } of this.#layouts) {
      const tensor = present(name);
      if (tensor) this.#tensors.set(name, tensor);
    }
  }

  #allocate(capacity: number): void {
    const before = this.#tensors;
    this.#tensors = new Map();
    for (const layout of this.#layouts) {
      const { name, type, heads, headSize } = layout;
      const size = heads * capacity * headSize;
      const data: CacheData = type === 'float16' ? new Uint16Array(size) : new Float32Array(size);
      const old = before.get(name)?.data;
      if (old instanceof Float32Array || old instanceof Uint16Array) this.#copy(old, data, layout, capacity);
      this.#tensors.set(name, new Tensor(type, data, [1, heads, capacity, headSize]));
    }
    this.#capacity = capacity;
  }

  #copy(from: CacheData, to: CacheData, { heads, headSize }: CacheLayout, capacity: number): void {
    for (let head = 0; head < heads; head++) {
      const start = head * this.#capacity * headSize;
      to.set(from.subarray(start, start + this.#length * headSize), head * capacity * headSize);
    }
  }
}
