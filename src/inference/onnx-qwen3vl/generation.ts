import type { Usage } from '../../chat/piece.ts';
import { KtpflowError } from '../../errors.ts';
import type { GenerationRequest } from '../engine.ts';
import type { GrammarState } from './json-grammar.ts';
import type { Qwen3Vl } from './model.ts';
import { RepetitionLoop } from './repetition-loop.ts';
import { Sampler } from './sampler.ts';
import { Sequence } from './sequence.ts';
import { StopStrings } from './stop-strings.ts';
import { TokenText } from './token-text.ts';

/** What a step of a generation brings: text that can be shown, and the end. */
export interface GenerationStep {
  readonly text: string;
  readonly finish: { readonly reason: 'stop' | 'length'; readonly usage: Usage } | null;
}

export interface StartedGeneration {
  /** The prompt has opened `<think>`: the answer's text begins inside of the block. */
  readonly opensThinking: boolean;
  /** One bounded piece of work. Not to be called again after the finish. */
  step(): Promise<GenerationStep>;
  /** Releases what the grammar holds. */
  close(): void;
}

const NOTHING: GenerationStep = { text: '', finish: null };

/**
 * Prepares an answer: media, prompt, grammar.
 * @throws KtpflowError context_length_exceeded, invalid_image, invalid_value
 */
export async function startGeneration(model: Qwen3Vl, request: GenerationRequest): Promise<StartedGeneration> {
  const { ids, opensThinking, media } = await model.prepare(request.messages, request.prefix ?? '');
  const room = model.contextTokens - ids.length;
  if (room < 1) {
    throw new KtpflowError(
      'context_length_exceeded',
      `The messages have ${ids.length} tokens, but the model's context holds ${model.contextTokens}.`,
      { param: 'messages' },
    );
  }
  const grammar = request.responseFormat.type === 'text' ? null : await model.grammars.start(request.responseFormat);
  const prefixIds = model.tokenizer.encode(model.tokenizer.quote(request.prefix ?? ''));
  for (const id of prefixIds) grammar?.accept(id);
  const sequence = new Sequence(model.graphs, {
    ids,
    media,
    placeholders: model.placeholders,
    chunkTokens: model.chunkTokens,
  });
  const sampler = new Sampler(model.samplerOptions(request.sampling), ids);
  for (const id of prefixIds) sampler.accept(id);
  const answer = new Answer(model, {
    request,
    grammar,
    sampler,
    room,
    promptTokens: ids.length - prefixIds.length,
    prefixTokens: prefixIds.length,
  });
  let logits: Float32Array | null = null;
  let fed: number | null = null;
  return {
    opensThinking: opensThinking && !grammar && prefixIds.length === 0,
    async step() {
      logits = fed === null ? await sequence.readOn() : await sequence.feed(fed);
      if (!logits) return NOTHING;
      const { id, step } = await answer.next(logits);
      fed = id;
      return step;
    },
    close: () => grammar?.close(),
  };
}

/** The answer's side: chooses tokens and knows when it is over. */
class Answer {
  readonly #model: Qwen3Vl;
  readonly #grammar: GrammarState | null;
  readonly #sampler: Sampler;
  readonly #text: TokenText;
  readonly #stops: StopStrings;
  readonly #loop = new RepetitionLoop();
  readonly #maxTokens: number;
  readonly #promptTokens: number;
  readonly #prefixTokens: number;
  #tokens = 0;

  constructor(
    model: Qwen3Vl,
    {
      request,
      grammar,
      sampler,
      room,
      promptTokens,
      prefixTokens,
    }: {
      request: GenerationRequest;
      grammar: GrammarState | null;
      sampler: Sampler;
      room: number;
      promptTokens: number;
      prefixTokens: number;
    },
  ) {
    this.#model = model;
    this.#grammar = grammar;
    this.#sampler = sampler;
    this.#text = new TokenText(model.tokenizer);
    this.#stops = new StopStrings(request.sampling.stop ?? []);
    this.#maxTokens = Math.min(request.sampling.maxTokens, room);
    this.#promptTokens = promptTokens;
    this.#prefixTokens = prefixTokens;
  }

  async next(logits: Float32Array): Promise<{ id: number; step: GenerationStep }> {
    const id = this.#sampler.choose(logits, this.#grammar ? await this.#grammar.allowed() : null);
    this.#tokens++;
    if (this.#model.stopIds.has(id)) return { id, step: this.#finish('stop', this.#stops.push(this.#text.end())) };
    this.#sampler.accept(id);
    this.#grammar?.accept(id);
    const shown = this.#stops.push(this.#text.push(id));
    if (shown.stopped) return { id, step: this.#finish('stop', shown) };
    // A loop is cut as the limit would cut it some time later.
    if (this.#loop.push(id) || this.#tokens >= this.#maxTokens) return { id, step: this.#finish('length', shown) };
    return { id, step: { text: shown.text, finish: null } };
  }

  #finish(reason: 'stop' | 'length', { text, stopped }: { text: string; stopped: boolean }): GenerationStep {
    const usage = { promptTokens: this.#promptTokens, completionTokens: this.#prefixTokens + this.#tokens };
    // Before a stop string nothing is held back that may be shown. Half a character at a cut is not shown either.
    return { text: stopped ? text : text + this.#stops.end(), finish: { reason: stopped ? 'stop' : reason, usage } };
  }
}
