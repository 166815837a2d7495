import { z } from 'zod';
import type { FinishReason, TokenLogprob, ToolCallDelta, Usage } from '../../chat/piece.ts';
import { KtpflowError } from '../../errors.ts';
import { failureOfStatus } from './upstream-failure.ts';

/** A `chat.completion.chunk` as servers really send it: null and absent are the same, and more fields may come. */
const logprobEntry = {
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.number()).nullish(),
};
const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z
          .object({
            content: z.string().nullish(),
            reasoning: z.string().nullish(),
            reasoning_content: z.string().nullish(),
            tool_calls: z
              .array(
                z.object({
                  index: z.number().int().nonnegative().nullish(),
                  id: z.string().nullish(),
                  type: z.string().nullish(),
                  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
                }),
              )
              .nullish(),
          })
          .nullish(),
        finish_reason: z.string().nullish(),
        logprobs: z
          .object({
            content: z
              .array(z.object({ ...logprobEntry, top_logprobs: z.array(z.object(logprobEntry)).nullish() }))
              .nullish(),
          })
          .nullish(),
      }),
    )
    .nullish(),
  usage: z
    .object({
      prompt_tokens: z.number().int().nonnegative(),
      completion_tokens: z.number().int().nonnegative().nullish(),
      prompt_tokens_details: z.object({ cached_tokens: z.number().int().nullish() }).nullish(),
      completion_tokens_details: z.object({ reasoning_tokens: z.number().int().nullish() }).nullish(),
    })
    .nullish(),
  error: z.unknown().optional(),
});

/** One chunk in our words; empty strings and lists where it brings nothing. */
export interface UpstreamChunk {
  readonly content: string;
  readonly reasoning: string;
  readonly toolCalls: readonly ToolCallDelta[];
  readonly logprobs: readonly TokenLogprob[];
  readonly finishReason: string | null;
  readonly usage: Usage | null;
}

/**
 * @param data of one event.
 * @throws KtpflowError where it is not a chunk, or an error: servers report in mid-stream what they find out late.
 */
export function parseChunk(data: string, engineId: string): UpstreamChunk {
  const parsed = chunkSchema.safeParse(readJson(data));
  if (!parsed.success) {
    throw new KtpflowError('upstream_failed', 'The model server sent something that is no chat completion.');
  }
  const { choices, usage, error } = parsed.data;
  if (error !== undefined && error !== null) throw failureOfErrorEvent(error, engineId);
  const choice = choices?.[0];
  const delta = choice?.delta;
  return {
    content: delta?.content ?? '',
    reasoning: delta?.reasoning ?? delta?.reasoning_content ?? '',
    toolCalls: (delta?.tool_calls ?? []).map((call, position) => ({
      index: call.index ?? position,
      ...(call.id && { id: call.id }),
      ...(call.type && { type: 'function' as const }),
      ...(call.function && {
        function: {
          ...(call.function.name && { name: call.function.name }),
          ...(typeof call.function.arguments === 'string' && { arguments: call.function.arguments }),
        },
      }),
    })),
    logprobs: (choice?.logprobs?.content ?? []).map((entry) => ({
      ...tokenLogprob(entry),
      top_logprobs: (entry.top_logprobs ?? []).map(tokenLogprob),
    })),
    finishReason: choice?.finish_reason ?? null,
    usage: usage
      ? {
          promptTokens: usage.prompt_tokens,
          completionTokens: usage.completion_tokens ?? 0,
          ...optionalCount('reasoningTokens', usage.completion_tokens_details?.reasoning_tokens),
          ...optionalCount('cachedTokens', usage.prompt_tokens_details?.cached_tokens),
        }
      : null,
  };
}

function failureOfErrorEvent(error: unknown, engineId: string): KtpflowError {
  const { code } = z.object({ code: z.number().int() }).safeParse(error).data ?? { code: 500 };
  const body = JSON.stringify(error);
  return failureOfStatus(code, { engineId, body, retryAfter: undefined }).error;
}

function tokenLogprob({
  token,
  logprob,
  bytes,
}: {
  token: string;
  logprob: number;
  bytes?: number[] | null | undefined;
}) {
  return { token, logprob, bytes: bytes ?? null };
}

function optionalCount<Name extends string>(name: Name, count: number | null | undefined): { [Key in Name]?: number } {
  return (typeof count === 'number' ? { [name]: count } : {}) as { [Key in Name]?: number };
}

/**
 * The reason in OpenAI's words.
 * @throws KtpflowError upstream_failed where the server gave up (`abort`, `error`): that is no end of an answer.
 */
export function finishReasonOf(reason: string, { calledTools }: { calledTools: boolean }): FinishReason {
  switch (reason) {
    case 'length':
    case 'content_filter':
      return reason;
    case 'tool_calls':
    case 'function_call':
      return 'tool_calls';
    case 'abort':
    case 'error':
      throw new KtpflowError('upstream_failed', 'The model server gave up in mid-answer.', { retryable: true });
    default:
      // Some servers say `stop` after tool calls.
      return calledTools ? 'tool_calls' : 'stop';
  }
}

function readJson(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
