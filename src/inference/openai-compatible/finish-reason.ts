import type { FinishReason } from '../../chat/piece.ts';
import { EngineFault } from '../engine-fault.ts';

/** What some servers write into every chunk that is not the last one. */
const NO_REASON: ReadonlySet<string> = new Set([
  ...['', 'null', 'none', 'undefined', 'n/a', 'finish_reason_unspecified'],
  ...['in_progress', 'not_finished', 'generating', 'running', 'pending', 'continue'],
]);

/** Words of the reasons that servers give; the first that fits counts. */
const MEANINGS: readonly (readonly [RegExp, FinishReason | 'failed'])[] = [
  [/toxic/i, 'content_filter'],
  [
    /abort|preempt|evict|disconnect|error|cancel|fail|malformed|resource|timeout|timed|overload|unload|interrupt|crash/i,
    'failed',
  ],
  [/filter|safety|block|refus|recitation|sensitive|moderation|prohibited|spii/i, 'content_filter'],
  [/tool|function/i, 'tool_calls'],
  [/length|limit|max|window|truncat|budget|incomplete|unfinished|partial/i, 'length'],
  [/stop|eos|end|complete|done|finish/i, 'stop'],
];

/** The reason as the server wrote it; null where it is none yet. */
export function readFinishReason(value: unknown): string | null {
  // SGLang's own API: {type: "stop", matched: 151645}.
  const reason = typeof value === 'object' && value !== null && 'type' in value ? value.type : value;
  return typeof reason === 'string' && !NO_REASON.has(reason.trim().toLowerCase()) ? reason : null;
}

/**
 * The reason in OpenAI's words. One that nobody knows is `length`: a cut answer must never pass for a whole one.
 * @throws EngineFault where the server gave up: that is no end of an answer
 */
export function finishReasonOf(reason: string, { calledTools }: { calledTools: boolean }): FinishReason {
  const meaning = MEANINGS.find(([words]) => words.test(reason))?.[1] ?? 'length';
  if (meaning === 'failed') throw new EngineFault('The model server gave up in mid-answer.');
  // Some servers say `stop` after tool calls, or `tool_calls` without any.
  if (meaning === 'stop' || meaning === 'tool_calls') return calledTools ? 'tool_calls' : 'stop';
  return meaning;
}
