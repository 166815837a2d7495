import type { FinishReason, Piece, TokenLogprob, Usage } from '../../chat/piece.ts';
import { KtpflowError } from '../../errors.ts';
import { finishReasonOf, parseChunk } from './chunk.ts';
import type { PrefixContinuation } from './prefix-continuation.ts';
import { ThinkSplitter } from './think-splitter.ts';

/**
 * Turns the events of one answer into pieces: reasoning told from content, a continued answer joined to its prefix,
 * log probabilities kept with the text that they belong to.
 */
export class AnswerReader {
  readonly #engineId: string;
  readonly #continuation: PrefixContinuation | null;
  #splitter: ThinkSplitter | null;
  #logprobs: TokenLogprob[] = [];
  #calledTools = false;
  #finishReason: FinishReason | null = null;
  #usage: Usage | null = null;
  #text = '';

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
  }

  get finishReason(): FinishReason | null {
    return this.#finishReason;
  }

  get usage(): Usage | null {
    return this.#usage;
  }

  /** All text of this answer so far, reasoning too. */
  get text(): string {
    return this.#text;
  }

  /** @throws KtpflowError as parseChunk and finishReasonOf */
  read(data: string): Piece[] {
    const chunk = parseChunk(data, this.#engineId);
    if (chunk.usage) this.#usage = chunk.usage;
    this.#logprobs.push(...chunk.logprobs);
    const pieces: Piece[] = [];
    if (chunk.reasoning !== '') {
      // The server splits by itself: tags in the answer are text now.
      pieces.push(...this.#endSplitter(), { reasoning: chunk.reasoning });
    }
    if (chunk.content !== '') pieces.push(...this.#split(this.#join(chunk.content)));
    if (chunk.toolCalls.length > 0) {
      this.#calledTools = true;
      pieces.push(...this.#endText(), { toolCalls: chunk.toolCalls });
    }
    if (chunk.finishReason !== null) {
      pieces.push(...this.#endText());
      this.#finishReason = finishReasonOf(chunk.finishReason, { calledTools: this.#calledTools });
    }
    for (const piece of pieces) this.#text += (piece.reasoning ?? '') + (piece.content ?? '');
    return this.#withLogprobs(pieces);
  }

  /** @throws KtpflowError upstream_failed where the stream ended without saying why: that is no whole answer. */
  end(): { reason: FinishReason } {
    if (this.#finishReason !== null) return { reason: this.#finishReason };
    throw new KtpflowError('upstream_failed', 'The model server ended in mid-answer.', { retryable: true });
  }

  #join(text: string): string {
    return this.#continuation ? this.#continuation.push(text) : text;
  }

  #split(text: string): Piece[] {
    if (text === '') return [];
    if (!this.#splitter) return [{ content: text }];
    return this.#splitter.push(text).map(toPiece);
  }

  #endText(): Piece[] {
    const held = this.#continuation?.end() ?? '';
    return [...this.#split(held), ...this.#endSplitter()];
  }

  #endSplitter(): Piece[] {
    const pieces = this.#splitter?.end().map(toPiece) ?? [];
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
}

function toPiece({ kind, text }: { kind: 'content' | 'reasoning'; text: string }): Piece {
  return kind === 'content' ? { content: text } : { reasoning: text };
}
