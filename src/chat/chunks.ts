import { errorObject } from './error-object.ts';
import { completionHead, type Generation, usageObject } from './generation.ts';
import type { FinishReason, Piece } from './piece.ts';
import type { StreamEnd, StreamView } from './stream-log.ts';

/** An event of a stream: its index in the session and its data. */
export interface StreamEvent {
  /** null: one for this reader alone, which a resume does not count. */
  readonly index: number | null;
  readonly data: object;
}

/** What can be shown of a stream from some index on. */
export interface VisibleEvents {
  readonly events: readonly StreamEvent[];
  /** finished: [DONE] follows; failed: nothing does; open: more will come. */
  readonly state: 'open' | 'finished' | 'failed';
}

/** At most so many events at a time, so that one reader's catching up does not hold up the others. */
const MAX_EVENTS = 256;

/**
 * The events from `index` on that are there: the role chunk, a chunk a piece, the finish chunk and, where asked for,
 * the usage chunk; or an error in their place, which is shown however far the reader has come.
 */
export function eventsFrom(
  generation: Generation,
  view: StreamView,
  index: number,
  { includeUsage }: { includeUsage: boolean },
): VisibleEvents {
  const { end, pieces } = view;
  const chunk = (body: object) => ({
    ...completionHead(generation, 'chat.completion.chunk'),
    ...(includeUsage && { usage: null }),
    ...body,
  });
  const last = generation.firstIndex + pieces.length;
  const events: StreamEvent[] = [];
  let next = end?.type === 'error' ? Math.min(index, last + 1) : index;
  for (; next <= last && events.length < MAX_EVENTS; next++) {
    const piece = pieces[next - generation.firstIndex - 1];
    const choice = piece ? choiceOf(deltaOf(piece), piece) : choiceOf({ role: 'assistant', content: '' });
    events.push({ index: next, data: chunk({ choices: [choice] }) });
  }
  if (!end || next <= last) return { events, state: 'open' };
  if (end.type === 'error') {
    events.push({ index: last + 1, data: { error: errorObject(end.error) } });
    return { events, state: 'failed' };
  }
  if (next === last + 1) events.push({ index: next++, data: chunk(finishOf(end)) });
  // Where the answer was not asked for with its usage, that has no index: the session's next answer begins there.
  const usageIndex = generation.usageEvent ? next : null;
  if (next === last + 2 && includeUsage) events.push({ index: usageIndex, data: chunk(usageOf(end)) });
  return { events, state: 'finished' };
}

type Finished = Extract<StreamEnd, { type: 'finish' }>;

function choiceOf(delta: object, piece?: Piece, finishReason: FinishReason | null = null) {
  const logprobs = piece?.logprobs ? { content: piece.logprobs, refusal: null } : null;
  return { index: 0, delta, logprobs, finish_reason: finishReason };
}

function deltaOf({ content, reasoning, toolCalls }: Piece) {
  return {
    ...(content !== undefined && { content }),
    ...(reasoning !== undefined && { reasoning, reasoning_content: reasoning }),
    ...(toolCalls && { tool_calls: toolCalls }),
  };
}

function finishOf(end: Finished) {
  return {
    choices: [choiceOf({}, undefined, end.reason)],
    ...(end.cancelled && { cancelled: true }),
    ...(end.context && { context: end.context }),
  };
}

function usageOf(end: Finished) {
  return {
    choices: [],
    usage: usageObject(end.usage),
    ...(end.usage?.estimated && { usage_estimated: true }),
  };
}
