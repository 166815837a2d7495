import type { FinishReason, Piece, TokenLogprob, Usage } from '../../chat/piece.ts';
import { BrokenAnswer } from '../engine-fault.ts';
import { parseChunk } from './chunk.ts';
import { finishReasonOf } from './finish-reason.ts';
import type { PrefixContinuation } from './prefix-continuation.ts';
import { type TextSegment, ThinkSplitter } from './think-splitter.ts';
import { ToolCallReader } from './tool-call-reader.ts';
import { DEFAULT_RETRY_MS, UpstreamFailure } from './upstream-failure.ts';
import { WholeCharacters } from './whole-characters.ts';

/**
 * Turns the events of one answer into pieces: reasoning told from content, a continued answer joined to its prefix,
 * log probabilities kept with the text that they belong to.
 */
export class AnswerReader {
  readonly #engineId: string;
  readonly #continuation: PrefixContinuation | null;
  readonly #toolCalls = new ToolCallReader();
  readonly #contentCharacters = new WholeCharacters();
  readonly #reasoningCharacters = new WholeCharacters();
  #splitter: ThinkSplitter | null;
  /** Text that counts as reasoning only because of the model's name; null where that is not guessed. */
  #guessed: string | null;
  #logprobs: TokenLogprob[] = [];
  #finishReason: FinishReason | null = null;
  /** Given before the answer went on. */
  #repeatedReason: FinishReason | null = null;
  #usage: Usage | null = null;
  #text = '';
  /** The content as the server wrote it. */
  #said = '';
  #hasChoice = false;
  /** The reason came with the first chunk of the answer: some servers say `stop` from the start. */
  #isPremature = false;

  /** @param startsThinking the model's prompt ends in `<think>`, so that its text begins inside of the block. */
  constructor({
    engineId,
    continuation,
    startsThinking,
  }: {
    engineId: string;
    continuation: PrefixContinuation | null;
    startsThinking: boolean;
  }) {
    this.#engineId = engineId;
    this.#continuation = continuation;
    // What was recorded was the answer already: no thinking comes any more.
    this.#splitter = continuation ? null : new ThinkSplitter({ opened: startsThinking });
    this.#guessed = startsThinking && !continuation ? '' : null;
  }

  get finishReason(): FinishReason | null {
    return this.#finishReason;
  }

  /** The answer is at its end for sure: what is still to come, if anything, is its usage. */
  get isSettled(): boolean {
    return this.#finishReason !== null && !this.#isPremature;
  }

  /** null where the upstream gave none, or counted nothing at all of what it said. */
  get usage(): Usage | null {
    return this.#usage?.completionTokens === 0 && this.#text !== '' ? null : this.#usage;
  }

  /** All text of this answer so far, reasoning too. */
  get text(): string {
    return this.#text;
  }

  /** @throws EngineFault, UpstreamFailure as parseChunk and finishReasonOf */
  read(data: string): Piece[] {
    const chunk = parseChunk(data, this.#engineId);
    if (!chunk) return [];
    const isFirst = !this.#hasChoice && !chunk.isWhole;
    this.#hasChoice ||= chunk.isAnswer;
    this.#isPremature &&= !chunk.usage && chunk.finishReason === null;
    if (chunk.usage) this.#usage = chunk.usage;
    this.#logprobs.push(...chunk.logprobs);
    // Some send the whole answer once more at the end.
    const isRepeat = chunk.isWhole
      ? this.#text !== '' || this.#toolCalls.hasCalls
      : chunk.isMessage && chunk.content !== '' && chunk.content === this.#said;
    if (!isRepeat) this.#said += chunk.content;
    const pieces = isRepeat ? [] : this.#piecesOf(chunk);
    // A server that gives a reason with every word gives none: what counts is the end of the stream.
    if (this.#finishReason !== null && pieces.length > 0) {
      this.#repeatedReason = this.#finishReason;
      this.#finishReason = null;
    }
    const isLast = this.#repeatedReason === null || pieces.length === 0;
    if (chunk.finishReason !== null && this.#finishReason === null && isLast) {
      const reason = finishReasonOf(chunk.finishReason, { calledTools: this.#toolCalls.hasCalls });
      this.#isPremature = isFirst && !chunk.usage;
      pieces.push(...this.#endAll(reason));
    } else if (chunk.isWhole) pieces.push(...this.#endWhole());
    return this.#finished(pieces);
  }

  /** The server says that the answer is whole ([DONE]), whether or not it said why it ended. */
  done(): Piece[] {
    return this.#finished(this.#endWhole());
  }

  /**
   * To be called when the stream is at its end.
   * @throws UpstreamFailure upstream_failed where it ended without saying why: that is no whole answer.
   */
  end(): { reason: FinishReason } {
    const reason = this.#finishReason ?? this.#repeatedReason;
    if (reason !== null) return { reason };
    throw new UpstreamFailure(new BrokenAnswer('The model server ended in mid-answer.'), DEFAULT_RETRY_MS);
  }

  #piecesOf({ content, reasoning, toolCalls }: NonNullable<ReturnType<typeof parseChunk>>): Piece[] {
    const pieces: Piece[] = [];
    const thought = this.#reasoningCharacters.push(reasoning);
    if (thought !== '') {
      // The server splits by itself: tags in the answer are text now.
      pieces.push(...this.#endSplitter(), { reasoning: thought });
    }
    const text = this.#contentCharacters.push(content);
    if (text !== '') pieces.push(...this.#split(this.#join(text)));
    const calls = this.#toolCalls.read(toolCalls);
    if (calls.length > 0) pieces.push(...this.#endText(), { toolCalls: calls });
    return pieces;
  }

  #endWhole(): Piece[] {
    if (this.#finishReason !== null || !this.#hasChoice) return [];
    return this.#endAll(this.#toolCalls.hasCalls ? 'tool_calls' : 'stop');
  }

  #endAll(reason: FinishReason): Piece[] {
    this.#finishReason = reason;
    const thought = this.#reasoningCharacters.end();
    const calls = this.#toolCalls.end();
    const isStillThinking = this.#splitter?.isThinking ?? false;
    const pieces: Piece[] = [...(thought === '' ? [] : [{ reasoning: thought }]), ...this.#endText()];
    // A model whose name says that it thinks, and that did not: what it said was its answer.
    if (this.#guessed?.trim() && isStillThinking && reason === 'stop') pieces.push({ content: this.#guessed });
    return [...pieces, ...(calls.length > 0 ? [{ toolCalls: calls }] : [])];
  }

  #finished(pieces: Piece[]): Piece[] {
    for (const { content, reasoning } of pieces) this.#text += (reasoning ?? '') + (content ?? '');
    return this.#withLogprobs(pieces);
  }

  #join(text: string): string {
    return this.#continuation ? this.#continuation.push(text) : text;
  }

  #split(text: string): Piece[] {
    if (text === '') return [];
    if (!this.#splitter) return [{ content: text }];
    return this.#splitter.push(text).map((segment) => this.#toPiece(segment));
  }

  #endText(): Piece[] {
    const held = this.#join(this.#contentCharacters.end()) + (this.#continuation?.end() ?? '');
    return [...this.#split(held), ...this.#endSplitter()];
  }

  #endSplitter(): Piece[] {
    const pieces = this.#splitter?.end().map((segment) => this.#toPiece(segment)) ?? [];
    this.#splitter = null;
    return pieces;
  }

  /** Text that is held back keeps its log probabilities until it goes out. */
  #withLogprobs(pieces: Piece[]): Piece[] {
    const last = pieces.findLastIndex((piece) => piece.content !== undefined || piece.reasoning !== undefined);
    const piece = pieces[last];
    if (!piece || this.#logprobs.length === 0) return pieces;
    pieces[last] = { ...piece, logprobs: this.#logprobs };
    this.#logprobs = [];
    return pieces;
  }

  #toPiece({ kind, text }: TextSegment): Piece {
    if (kind === 'content') return { content: text };
    if (this.#guessed !== null) this.#guessed += text;
    return { reasoning: text };
  }
}
