import '../refuse-telemetry.ts';
import { basename } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ModelFolder } from './model-folder.ts';
import { ModelFolderError } from './model-folder-error.ts';
import { PATCH_FLOATS, type Patches } from './patches.ts';

/** What the vision encoder makes of a picture: one row of `hidden` floats a token. */
export interface VisualFeatures {
  readonly tokens: number;
  readonly features: Float32Array;
  /** For each of the first decoder layers as much again; null where the export has no DeepStack. */
  readonly deepstack: readonly Float32Array[] | null;
}

/** One call of the decoder. */
export interface DecoderCall {
  readonly embeds: Float32Array;
  /** Time, height, width: as many entries as there are rows of `embeds`. */
  readonly positions: readonly [Int32Array, Int32Array, Int32Array];
  /** For each tap as many rows as `embeds`; null: no token of this call is visual. */
  readonly deepstack: readonly Float32Array[] | null;
  /** Tokens that the caches hold already. */
  readonly past: number;
}

/** One of the decoder's caches. */
export interface CacheLayout {
  /** Of the decoder's input. */
  readonly name: string;
  /** Of the output that belongs to it. */
  readonly output: string;
  readonly type: 'float32' | 'float16';
  readonly heads: number;
  readonly headSize: number;
  /** Of the input, with room for so many tokens. */
  shape(tokens: number): number[];
}

/**
 * The three graphs of an exported model. Runs block their thread. Made once: onnxruntime-node leaks where sessions are
 * created again and again.
 */
export class Qwen3VlGraphs {
  readonly hiddenSize: number;
  readonly caches: readonly CacheLayout[];
  /** Decoder layers that take DeepStack features; 0: the export has none. */
  readonly taps: number;
  /**
   * What the decoder puts out of its caches: the rows of the call's tokens (our exports from version 1.1 on), or the
   * whole of them, which onnxruntime-node copies at every token.
   */
  readonly cacheOutput: 'rows' | 'whole';
  readonly #vision: InferenceSession;
  readonly #embedding: InferenceSession;
  readonly #decoder: InferenceSession;

  private constructor(sessions: readonly [InferenceSession, InferenceSession, InferenceSession], folder: ModelFolder) {
    [this.#vision, this.#embedding, this.#decoder] = sessions;
    this.hiddenSize = folder.hiddenSize;
    const rows = this.#decoder.outputNames.some((name) => name.startsWith('new.'));
    this.cacheOutput = rows ? 'rows' : 'whole';
    this.caches = this.#decoder.inputMetadata.flatMap((input) =>
      input.isTensor && input.name.startsWith('past_key_values.') ? [cacheLayout(input, rows)] : [],
    );
    this.taps = this.#decoder.inputNames.includes('deepstack_embeds') ? tapsOf(this.#decoder) : 0;
  }

  /** @param threads that one run may use. @throws ModelFolderError */
  static async load(folder: ModelFolder, threads: number): Promise<Qwen3VlGraphs> {
    const { vision, embedding, decoder } = folder.graphs;
    // One after the other: each holds its weights twice while it is loaded.
    const sessions = [
      await createSession(vision, threads),
      await createSession(embedding, threads),
      await createSession(decoder, threads),
    ] as const;
    return new Qwen3VlGraphs(sessions, folder);
  }

  /** One picture or video a call: several of different sizes would need a mask of the square of their patches. */
  async encode({ pixels, grid }: Patches): Promise<VisualFeatures> {
    const gridName = this.#vision.inputNames.find((name) => name.endsWith('grid_thw')) ?? 'image_grid_thw';
    const outputs = await this.#vision.run({
      pixel_values: new Tensor('float32', pixels, [pixels.length / PATCH_FLOATS, PATCH_FLOATS]),
      [gridName]: whole([grid.frames, grid.rows, grid.columns], [1, 3]),
    });
    const features = floats(outputs.image_features);
    const stacked = this.taps > 0 ? floats(outputs.deepstack_features) : null;
    return {
      tokens: features.length / this.hiddenSize,
      features,
      deepstack: stacked && Array.from({ length: this.taps }, (_, tap) => part(stacked, tap, features.length)),
    };
  }

  async embed(ids: readonly number[]): Promise<Float32Array> {
    const { inputs_embeds } = await this.#embedding.run({ input_ids: whole(ids, [1, ids.length]) });
    return floats(inputs_embeds);
  }

  /**
   * Runs the decoder behind what the caches hold.
   * @param caches by input name.
   * @returns logits of the last token, and what is put out of the caches, by output name
   */
  async decode(call: DecoderCall, caches: ReadonlyMap<string, Tensor>) {
    const count = call.embeds.length / this.hiddenSize;
    const inputs = new Set(this.#decoder.inputNames);
    const feeds: Record<string, Tensor> = {
      inputs_embeds: new Tensor('float32', call.embeds, [1, count, this.hiddenSize]),
      attention_mask: new Tensor('int64', new BigInt64Array(call.past + count).fill(1n), [1, call.past + count]),
      position_ids: whole(
        call.positions.flatMap((row) => [...row]),
        [3, 1, count],
      ),
    };
    if (this.taps > 0) feeds.deepstack_embeds = this.#deepstack(call.deepstack, count);
    if (inputs.has('num_logits_to_keep')) feeds.num_logits_to_keep = whole([1], []);
    for (const [name, tensor] of caches) feeds[name] = tensor;
    const outputs = await this.#decoder.run(feeds);
    const logits = floats(outputs.logits);
    const vocabulary = outputs.logits?.dims.at(-1) ?? logits.length;
    const last = logits.length > vocabulary ? logits.slice(-vocabulary) : logits;
    return { logits: last, output: (name: string) => outputs[name] };
  }

  async close(): Promise<void> {
    await Promise.all([this.#vision.release(), this.#embedding.release(), this.#decoder.release()]);
  }

  #deepstack(taps: DecoderCall['deepstack'], count: number): Tensor {
    // One row of zeros is stretched over all tokens.
    if (!taps)
      return new Tensor('float32', new Float32Array(this.taps * this.hiddenSize), [this.taps, 1, 1, this.hiddenSize]);
    const data = new Float32Array(this.taps * count * this.hiddenSize);
    for (const [tap, rows] of taps.entries()) data.set(rows, tap * count * this.hiddenSize);
    return new Tensor('float32', data, [this.taps, 1, count, this.hiddenSize]);
  }
}

async function createSession(path: string, threads: number): Promise<InferenceSession> {
  const created = InferenceSession.create(path, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Both keep the largest shape ever seen.
    enableCpuMemArena: false,
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  });
  // What ONNX Runtime says holds paths, and not what could be done.
  return created.catch((error: unknown) => {
    throw new ModelFolderError(
      `${basename(path)} cannot be loaded: it or its data file is damaged or missing, or the memory that is free is too small`,
      { cause: error },
    );
  });
}

function cacheLayout(input: InferenceSession.TensorValueMetadata, rows: boolean): CacheLayout {
  const heads = input.shape[rows ? 0 : 1];
  const headSize = input.shape[3];
  if (typeof heads !== 'number' || typeof headSize !== 'number') throw new RangeError('a cache has no fixed shape');
  return {
    name: input.name,
    output: input.name.replace('past_key_values', rows ? 'new' : 'present'),
    type: input.type === 'float16' ? 'float16' : 'float32',
    heads,
    headSize,
    shape: (tokens) => (rows ? [heads, 1, tokens, headSize] : [1, heads, tokens, headSize]),
  };
}

function tapsOf(decoder: InferenceSession): number {
  const input = decoder.inputMetadata.find(({ name }) => name === 'deepstack_embeds');
  const taps = input?.isTensor ? input.shape[0] : undefined;
  if (typeof taps !== 'number') throw new RangeError('deepstack_embeds has no fixed number of taps');
  return taps;
}

function whole(values: readonly number[], shape: readonly number[]): Tensor {
  return new Tensor('int64', BigInt64Array.from(values, BigInt), shape);
}

function floats(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new RangeError('the graph answers no 32-bit floats');
  return tensor.data;
}

function part(data: Float32Array, index: number, length: number): Float32Array {
  return data.subarray(index * length, (index + 1) * length);
}
