import { completionHead, type Generation, usageObject } from './generation.ts';
import { joinPieces } from './piece-text.ts';
import type { StreamEnd, StreamView } from './stream-log.ts';

/** A finished answer as one object, for requests that are not streamed. */
export function completionObject(
  generation: Generation,
  view: StreamView,
  end: Extract<StreamEnd, { type: 'finish' }>,
  sessionId: string,
) {
  const { content, reasoning, toolCalls } = joinPieces(view.pieces);
  const logprobs = view.pieces.flatMap((piece) => piece.logprobs ?? []);
  const message = {
    role: 'assistant',
    content: content === '' && toolCalls.length > 0 ? null : content,
    refusal: null,
    ...(reasoning !== '' && { reasoning, reasoning_content: reasoning }),
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
  };
  return {
    ...completionHead(generation, 'chat.completion'),
    choices: [
      {
        index: 0,
        message,
        logprobs: logprobs.length > 0 ? { content: logprobs, refusal: null } : null,
        finish_reason: end.reason,
      },
    ],
    usage: usageObject(end.usage),
    ...(end.usage?.estimated && { usage_estimated: true }),
    ...(end.cancelled && { cancelled: true }),
    session_id: sessionId,
    ...(end.context && { context: end.context }),
  };
}
