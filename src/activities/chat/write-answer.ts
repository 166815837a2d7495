import type { Piece } from '../../chat/piece.ts';
import { joinPieces } from '../../chat/piece-text.ts';
import { RecordedPrefix } from '../../chat/skip-recorded.ts';
import { generateChecked } from '../../inference/chat/generate-checked.ts';
import type { Engine, GenerationPart, GenerationRequest } from '../../inference/engine.ts';

/**
 * Yields the rest of an answer of which a part is recorded: from the recorded text on where the engine can, else by
 * generating it again and dropping what was recorded while it agrees.
 * @throws errors of the engine; StreamDivergedError
 */
export async function* continueAnswer(
  engine: Engine,
  request: GenerationRequest,
  recorded: readonly Piece[],
  options: { readonly signal: AbortSignal },
): AsyncGenerator<GenerationPart> {
  if (recorded.length === 0) {
    yield* generateChecked(engine, request, options);
    return;
  }
  // What a server can do is known once it was asked.
  await engine.readiness();
  const { content, reasoning, toolCalls } = joinPieces(recorded);
  const onlyText = content !== '' && reasoning === '' && toolCalls.length === 0;
  // A grammar would begin anew at the prefix's end.
  const isFree = request.responseFormat.type === 'text' && !request.constraint;
  if (engine.capabilities.continueFromPrefix && onlyText && isFree) {
    yield* continueText(engine, request, recorded, content, options);
    return;
  }
  const prefix = new RecordedPrefix(recorded);
  for await (const part of generateChecked(engine, request, options)) {
    if (part.type === 'piece') {
      const piece = prefix.skip(part.piece);
      if (piece) yield { type: 'piece', piece };
    } else {
      prefix.assertPassed();
      yield part;
    }
  }
}

async function* continueText(
  engine: Engine,
  request: GenerationRequest,
  recorded: readonly Piece[],
  prefix: string,
  options: { readonly signal: AbortSignal },
): AsyncGenerator<GenerationPart> {
  const tokens = (await engine.countTokens(prefix)) ?? recorded.length;
  const maxTokens = request.sampling.maxTokens - tokens;
  if (maxTokens <= 0) {
    yield { type: 'finish', reason: 'length', usage: null };
    return;
  }
  yield* generateChecked(engine, { ...request, sampling: { ...request.sampling, maxTokens }, prefix }, options);
}
