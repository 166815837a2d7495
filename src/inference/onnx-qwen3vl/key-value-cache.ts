import { Tensor } from 'onnxruntime-node';
import { CacheRows } from './cache-rows.ts';
import type { CacheLayout, Qwen3VlGraphs } from './graphs.ts';

/** What the decoder remembers of one answer. */
export class KeyValueCache {
  readonly #layouts: readonly CacheLayout[];
  /** By the names of the decoder's inputs; none where the decoder puts out grown caches itself. */
  readonly #rows: ReadonlyMap<string, CacheRows>;
  #tensors: ReadonlyMap<string, Tensor>;
  #length = 0;

  constructor({ caches, cacheOutput }: Qwen3VlGraphs) {
    this.#layouts = caches;
    this.#rows = new Map(cacheOutput === 'rows' ? caches.map((layout) => [layout.name, new CacheRows(layout)]) : []);
    this.#tensors = new Map(caches.map((layout) => [layout.name, emptyCache(layout)]));
  }

  /** Tokens that are remembered. */
  get length(): number {
    return this.#length;
  }

  /** What the decoder is to be given next, by the names of its inputs. */
  get tensors(): ReadonlyMap<string, Tensor> {
    return this.#tensors;
  }

  /**
   * Takes over what a call of the decoder has put out.
   * @param tokens of that call
   * @param output by the name of the decoder's output
   */
  append(tokens: number, output: (name: string) => Tensor | undefined): void {
    this.#length += tokens;
    this.#tensors = new Map(
      this.#layouts.map((layout) => {
        const put = output(layout.output);
        if (!put) throw new RangeError('the decoder puts out no caches');
        return [layout.name, this.#rows.get(layout.name)?.append(put) ?? put];
      }),
    );
  }
}

function emptyCache({ type, shape }: CacheLayout): Tensor {
  return new Tensor(type, type === 'float16' ? new Uint16Array(0) : new Float32Array(0), shape(0));
}
