import { z } from 'zod';
import { asRecord } from '../../chat/optional.ts';
import type { Usage } from '../../chat/piece.ts';
import { decoration } from './lenient.ts';

const count = z
  .union([z.number(), z.string().regex(/^\d{1,9}$/)])
  .transform(Number)
  .pipe(z.number().nonnegative())
  .transform(Math.round);
/** Usage as servers write it. */
export const usageSchema = z.preprocess(
  toKnownUsage,
  z.object({
    prompt_tokens: count,
    completion_tokens: decoration(count),
    prompt_tokens_details: decoration(z.object({ cached_tokens: decoration(count) })),
    completion_tokens_details: decoration(z.object({ reasoning_tokens: decoration(count) })),
  }),
);

/** Counts by the names of Anthropic and of the Responses API. */
function toKnownUsage(usage: unknown): unknown {
  const given = asRecord(usage);
  if (!given || !('input_tokens' in given)) return usage;
  return { prompt_tokens: given.input_tokens, completion_tokens: given.output_tokens, ...given };
}

/** Usage in our words. */
export function toUsage(usage: z.output<typeof usageSchema>): Usage {
  return {
    promptTokens: usage.prompt_tokens,
    completionTokens: usage.completion_tokens ?? 0,
    ...optionalCount('reasoningTokens', usage.completion_tokens_details?.reasoning_tokens),
    ...optionalCount('cachedTokens', usage.prompt_tokens_details?.cached_tokens),
  };
}

function optionalCount<Name extends string>(name: Name, value: number | null | undefined): { [Key in Name]?: number } {
  return (typeof value === 'number' ? { [name]: value } : {}) as { [Key in Name]?: number };
}
