import type { EngineMessage, Sampling } from '../engine.ts';
import { Qwen3VlGraphs } from './graphs.ts';
import { JsonGrammars } from './json-grammar.ts';
import { type PreparedMedium, prepareMedia } from './media.ts';
import { type ModelFolder, readModelFolder } from './model-folder.ts';
import type { PlaceholderIds } from './positions.ts';
import { type Prompt, PromptWriter } from './prompt.ts';
import type { SamplerOptions } from './sampler.ts';
import { ModelTokenizer } from './tokenizer.ts';

export interface ModelOptions {
  readonly folder: string;
  /** Threads that one run of a graph may use. */
  readonly threads: number;
  /** Prompt and answer together; each token takes memory in the caches. */
  readonly contextTokens: number;
  /** Tokens of the prompt that are read between two looks at what else is to be done. */
  readonly chunkTokens: number;
}

/** A loaded Qwen3-VL with everything around it: one a thread. */
export class Qwen3Vl {
  readonly graphs: Qwen3VlGraphs;
  readonly tokenizer: ModelTokenizer;
  readonly grammars: JsonGrammars;
  readonly placeholders: PlaceholderIds;
  readonly stopIds: ReadonlySet<number>;
  readonly contextTokens: number;
  readonly chunkTokens: number;
  readonly tokenizerMaxLength: number | null;
  readonly #folder: ModelFolder;
  readonly #prompts: PromptWriter;

  private constructor(folder: ModelFolder, graphs: Qwen3VlGraphs, options: ModelOptions) {
    this.#folder = folder;
    this.graphs = graphs;
    this.tokenizer = new ModelTokenizer(folder.tokenizerJson, folder.tokenizerConfig);
    this.#prompts = new PromptWriter(folder.chatTemplate, this.tokenizer);
    this.placeholders = { image: folder.imageTokenId, video: folder.videoTokenId };
    const stopIds = folder.stopTokens.map((stop) => (typeof stop === 'number' ? stop : this.tokenizer.idOf(stop)));
    this.stopIds = new Set(stopIds.filter((id) => id !== undefined));
    this.grammars = new JsonGrammars(this.tokenizer, folder.vocabularySize, [...this.stopIds]);
    this.contextTokens = Math.min(options.contextTokens, folder.maxPositions ?? options.contextTokens);
    this.chunkTokens = options.chunkTokens;
    this.tokenizerMaxLength = folder.tokenizerMaxLength;
  }

  /** @throws ModelFolderError */
  static async load(options: ModelOptions): Promise<Qwen3Vl> {
    const folder = await readModelFolder(options.folder);
    return new Qwen3Vl(folder, await Qwen3VlGraphs.load(folder, options.threads), options);
  }

  /** What the export lacks, a sentence for its owner; null: nothing. */
  get warning(): string | null {
    if (this.graphs.taps > 0) return null;
    return 'The export has no DeepStack: small print is read worse. tools/export-qwen3vl makes one that has it.';
  }

  /** Cuts the media, writes the prompt. @throws KtpflowError invalid_image */
  async prepare(
    messages: readonly EngineMessage[],
    prefix: string,
  ): Promise<Prompt & { readonly media: readonly PreparedMedium[] }> {
    const media = await prepareMedia(messages, this.#folder);
    return { ...this.#prompts.write(messages, media, prefix), media };
  }

  /** The request's wishes over the habits of the model's makers. */
  samplerOptions(sampling: Sampling): SamplerOptions {
    const { topK, topP, repetitionPenalty } = this.#folder.defaults;
    return {
      temperature: sampling.temperature,
      topK: sampling.topK ?? topK,
      topP: sampling.topP ?? topP,
      seed: sampling.seed ?? Math.floor(Math.random() * 2 ** 31),
      presencePenalty: sampling.presencePenalty ?? 0,
      frequencyPenalty: sampling.frequencyPenalty ?? 0,
      repetitionPenalty: sampling.repetitionPenalty ?? repetitionPenalty,
    };
  }

  close(): Promise<void> {
    return this.graphs.close();
  }
}
