import type { Piece, ToolCallDelta } from './piece.ts';

/** What the pieces of an answer say when they are put together. */
export interface AnswerText {
  readonly content: string;
  readonly reasoning: string;
  readonly toolCalls: readonly ToolCall[];
}

/** A whole tool call, as a message holds it. */
export interface ToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
  readonly extra_content?: Readonly<Record<string, unknown>>;
}

interface PartialCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
  readonly extra: ToolCall['extra_content'];
}

const NO_CALL: PartialCall = { id: '', name: '', arguments: '', extra: undefined };

export function joinPieces(pieces: readonly Piece[]): AnswerText {
  return {
    content: pieces.map((piece) => piece.content ?? '').join(''),
    reasoning: pieces.map((piece) => piece.reasoning ?? '').join(''),
    toolCalls: joinToolCalls(pieces.flatMap((piece) => piece.toolCalls ?? [])),
  };
}

function joinToolCalls(deltas: readonly ToolCallDelta[]): ToolCall[] {
  const calls = new Map<number, PartialCall>();
  for (const delta of deltas) {
    const call = calls.get(delta.index) ?? NO_CALL;
    calls.set(delta.index, {
      id: call.id || (delta.id ?? ''),
      name: call.name + (delta.function?.name ?? ''),
      arguments: call.arguments + (delta.function?.arguments ?? ''),
      extra: delta.extra_content ?? call.extra,
    });
  }
  return [...calls.entries()]
    .sort(([first], [second]) => first - second)
    .map(([, call]) => ({
      id: call.id,
      type: 'function',
      function: { name: call.name, arguments: call.arguments },
      ...(call.extra && { extra_content: call.extra }),
    }));
}
