/** Why a generation ended, in OpenAI's words. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

/** A part of a tool call, as OpenAI streams it. */
export interface ToolCallDelta {
  readonly index: number;
  readonly id?: string;
  readonly type?: 'function';
  readonly function?: { readonly name?: string; readonly arguments?: string };
  /** What a server wants to see again beside the call, such as Gemini's signature of a thought. */
  readonly extra_content?: Readonly<Record<string, unknown>>;
}

/** Log probability of one token, as OpenAI shows it. */
export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[] | null;
  readonly top_logprobs: readonly {
    readonly token: string;
    readonly logprob: number;
    readonly bytes: readonly number[] | null;
  }[];
}

/**
 * The smallest thing that a reader of a stream sees: one delta. What was recorded as piece i is event i + 1 of its
 * generation. Short keys: a piece stands in Temporal's history.
 */
export interface Piece {
  readonly content?: string;
  /** Text inside a thinking model's <think>. */
  readonly reasoning?: string;
  readonly toolCalls?: readonly ToolCallDelta[];
  readonly logprobs?: readonly TokenLogprob[];
}

/** Counts of tokens by the engine's tokenizer. */
export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens?: number;
  readonly cachedTokens?: number;
  /** The upstream gave no count; this one was made from the recorded pieces. */
  readonly estimated?: boolean;
}

/** Where nobody counted: a recorded piece is a token, near enough to be called an estimate. */
export function estimatedUsage(pieces: number): Usage {
  return { promptTokens: 0, completionTokens: pieces, estimated: true };
}

/** How a generation ended. */
export interface Finish {
  readonly reason: FinishReason;
  readonly usage: Usage | null;
  readonly cancelled?: boolean;
}
