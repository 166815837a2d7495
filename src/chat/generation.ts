import type { Usage } from './piece.ts';

/**
 * One answer of a session, as its row and the memo of its workflow describe it: all that a process needs to know to
 * show the recorded stream. Nothing in it is personal.
 */
export interface Generation {
  readonly id: string;
  /** 1 for the first answer of a session. */
  readonly ordinal: number;
  /** Index of its first event in the session. */
  readonly firstIndex: number;
  /** Whether the request asked for the usage chunk, which then has an index of its own. */
  readonly usageEvent: boolean;
  readonly model: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** HMAC of the canonical body. */
  readonly bodyHash: string;
  /** HMAC of tenant and Idempotency-Key. */
  readonly idempotencyHash: string | null;
}

/**
 * A failure before the first piece is an HTTP status as long as no headers are out; they go out after this time at the
 * latest.
 */
export const HEADERS_AFTER_MS = 10_000;

/** Index of the event that ends a stream: the finish chunk or the error. */
export function endIndex(generation: Generation, pieces: number): number {
  return generation.firstIndex + 1 + pieces;
}

/** First index of the session's next generation. */
export function indexAfter(generation: Generation, ended: EndedView): number {
  // A failure that nobody can have seen events of leaves the index where it was.
  if (failedUnseen(generation, ended)) return generation.firstIndex;
  const usageEvents = generation.usageEvent && !ended.failed ? 1 : 0;
  return endIndex(generation, ended.pieces) + 1 + usageEvents;
}

/** What is kept of an ended stream besides its pieces. */
export interface EndedView {
  readonly pieces: number;
  readonly failed: boolean;
  /** Milliseconds since the epoch. */
  readonly finishedAt: number;
}

function failedUnseen(generation: Generation, { pieces, failed, finishedAt }: EndedView): boolean {
  return failed && pieces === 0 && finishedAt - generation.createdAt < HEADERS_AFTER_MS;
}

/** Usage as OpenAI writes it. */
export function usageObject(usage: Usage | null) {
  const { promptTokens, completionTokens, cachedTokens, reasoningTokens } = usage ?? NO_USAGE;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens ?? 0 },
    completion_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
  };
}

const NO_USAGE: Usage = { promptTokens: 0, completionTokens: 0 };

/** What every chunk of a stream and the whole answer begin with. */
export function completionHead(generation: Generation, object: 'chat.completion' | 'chat.completion.chunk') {
  return {
    id: `chatcmpl-${generation.id}`,
    object,
    created: Math.floor(generation.createdAt / 1000),
    model: generation.model,
    system_fingerprint: 'fp_ktpflow',
  };
}
