import { setTimeout as sleep } from 'node:timers/promises';
import type { Piece, Usage } from '../../chat/piece.ts';
import { joinPieces } from '../../chat/piece-text.ts';
import type { Engine, GenerationRequest } from '../../inference/engine.ts';

/** A reader waits for the end of its stream: a tokenizer that takes longer is not waited for. */
const COUNTING_MS = 300;

/**
 * Counts an answer whose engine gave no count, by the engine's tokenizer; where it has none, a recorded piece counts
 * as a token.
 */
export async function estimateUsage(
  engine: Engine | undefined,
  request: GenerationRequest | undefined,
  pieces: readonly Piece[],
): Promise<Usage> {
  const { content, reasoning } = joinPieces(pieces);
  const [promptTokens, completionTokens] = await Promise.all([
    countTokens(engine, promptText(request)),
    countTokens(engine, reasoning + content),
  ]);
  return { promptTokens: promptTokens ?? 0, completionTokens: completionTokens ?? pieces.length, estimated: true };
}

async function countTokens(engine: Engine | undefined, text: string): Promise<number | null> {
  if (!engine) return null;
  if (text === '') return 0;
  const late = new AbortController();
  const count = engine.countTokens(text).catch(() => null);
  const timeout = sleep(COUNTING_MS, null, { signal: late.signal }).catch(() => null);
  try {
    return await Promise.race([count, timeout]);
  } finally {
    late.abort();
  }
}

function promptText(request: GenerationRequest | undefined): string {
  const parts = request?.messages.flatMap((message) => message.content) ?? [];
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}
