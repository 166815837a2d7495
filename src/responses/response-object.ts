import { errorObject } from '../chat/error-object.ts';
import type { Usage } from '../chat/piece.ts';
import type { StreamEnd } from '../chat/stream-log.ts';
import { itemObject, type OutputItem } from './output-items.ts';
import type { ResponseRequest } from './request-schema.ts';

/** What a response's row keeps of its request: all that the response object repeats. */
export type ResponseSettings = Omit<ResponseRequest, 'input' | 'stream' | 'include'>;

export function settingsOf({ input: _, stream: __, include: ___, ...settings }: ResponseRequest): ResponseSettings {
  return settings;
}

export interface ResponseHead {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly settings: ResponseSettings;
}

export type ResponseStatus = 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled';

/** The response as it is before its end. */
export function openResponse(head: ResponseHead, status: 'queued' | 'in_progress'): object {
  return responseObject(head, { status, output: [], usage: null });
}

export type EndedResponse = ReturnType<typeof responseObject>;

/** The response as its end left it. */
export function endedResponse(head: ResponseHead, items: readonly OutputItem[], end: StreamEnd): EndedResponse {
  const status = endStatus(end);
  const last = items.at(-1);
  const output = items.map((item) =>
    itemObject(item, status !== 'completed' && item === last ? 'incomplete' : 'completed'),
  );
  return responseObject(head, {
    status,
    output,
    usage: end.type === 'finish' ? usageObject(end.usage) : null,
    ...(end.type === 'error' && { error: { code: 'server_error', message: errorObject(end.error).message } }),
    ...(status === 'incomplete' && { reason: incompleteReason(end) }),
  });
}

export function endStatus(end: StreamEnd): ResponseStatus {
  if (end.type === 'error') return 'failed';
  if (end.cancelled) return 'cancelled';
  return end.reason === 'length' || end.reason === 'content_filter' ? 'incomplete' : 'completed';
}

function incompleteReason(end: StreamEnd): string {
  return end.type === 'finish' && end.reason === 'content_filter' ? 'content_filter' : 'max_output_tokens';
}

interface Progress {
  readonly status: ResponseStatus;
  readonly output: readonly object[];
  readonly usage: ReturnType<typeof usageObject>;
  readonly error?: object;
  readonly reason?: string;
}

function responseObject({ createdAt, id, settings }: ResponseHead, progress: Progress) {
  return {
    id,
    object: 'response',
    created_at: Math.floor(createdAt / 1000),
    status: progress.status,
    background: settings.background ?? false,
    error: progress.error ?? null,
    incomplete_details: progress.reason ? { reason: progress.reason } : null,
    instructions: settings.instructions ?? null,
    max_output_tokens: settings.max_output_tokens ?? null,
    max_tool_calls: null,
    model: settings.model,
    output: progress.output,
    parallel_tool_calls: settings.parallel_tool_calls ?? true,
    previous_response_id: settings.previous_response_id ?? null,
    prompt_cache_key: null,
    reasoning: { effort: settings.reasoning?.effort ?? null, summary: settings.reasoning?.summary ?? null },
    safety_identifier: null,
    service_tier: 'default',
    store: settings.store ?? true,
    temperature: settings.temperature ?? null,
    text: { format: settings.text?.format ?? { type: 'text' }, verbosity: settings.text?.verbosity ?? 'medium' },
    tool_choice: settings.tool_choice ?? 'auto',
    tools: (settings.tools ?? []).map((tool) => ({ strict: true, description: null, parameters: {}, ...tool })),
    top_logprobs: settings.top_logprobs ?? 0,
    top_p: settings.top_p ?? null,
    truncation: settings.truncation ?? 'disabled',
    usage: progress.usage,
    user: settings.user ?? null,
    metadata: settings.metadata ?? {},
  };
}

function usageObject(usage: Usage | null) {
  if (!usage) return null;
  const { cachedTokens = 0, completionTokens, promptTokens, reasoningTokens = 0 } = usage;
  return {
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: cachedTokens },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: promptTokens + completionTokens,
  };
}
