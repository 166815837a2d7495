import { z } from 'zod';
import type { TokenLogprob, Usage } from '../../chat/piece.ts';
import { EngineFault } from '../engine-fault.ts';
import { readFinishReason } from './finish-reason.ts';
import { readReasoning } from './reasoning-field.ts';
import { failureOfStatus, type UpstreamFailure } from './upstream-failure.ts';

/**
 * A `chat.completion.chunk` as servers really send it. Strict about what the answer is made of, its text and its tool
 * calls; lenient about everything that decorates it: what is not understood there is left out.
 */
const decoration = <Schema extends z.ZodType>(schema: Schema) => schema.nullish().catch(undefined);

const contentSchema = z
  .union([
    z.string(),
    // Parts, as Mistral sends them for thinking models.
    z.array(z.union([z.string(), z.looseObject({ text: z.string().nullish(), thinking: z.unknown().optional() })])),
  ])
  .nullish();

const calledFunction = {
  name: z.string().nullish(),
  // Text; llama.cpp and Ollama's own API write the value itself.
  arguments: z.unknown().optional(),
};
const toolCallSchema = z.object({
  index: decoration(z.coerce.number().int().nonnegative()),
  id: decoration(z.union([z.string(), z.number()]).transform(String)),
  function: z.object(calledFunction).nullish(),
  ...calledFunction,
});
const toolCallsSchema = z.preprocess(
  (value) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? [value] : value),
  z.array(toolCallSchema).nullish(),
);

const saidSchema = z.object({
  content: contentSchema,
  refusal: decoration(z.string()),
  reasoning: z.unknown().optional(),
  reasoning_content: z.unknown().optional(),
  reasoning_details: z.unknown().optional(),
  tool_calls: toolCallsSchema,
  function_call: z.object(calledFunction).nullish(),
});

const logprobEntry = { token: z.string(), logprob: z.number(), bytes: decoration(z.array(z.number())) };
const logprobSchema = z.object({
  ...logprobEntry,
  top_logprobs: decoration(z.array(decoration(z.object(logprobEntry)))),
});

const choiceSchema = z.object({
  index: decoration(z.number()),
  delta: saidSchema.nullish(),
  /** A whole answer, from a server that does not stream. */
  message: saidSchema.nullish(),
  text: decoration(z.string()),
  finish_reason: z.unknown().optional(),
  logprobs: decoration(z.object({ content: decoration(z.array(decoration(logprobSchema))) })),
});

const count = z.number().nonnegative().transform(Math.round);
const usageSchema = z.object({
  prompt_tokens: count,
  completion_tokens: decoration(count),
  prompt_tokens_details: decoration(z.object({ cached_tokens: decoration(count) })),
  completion_tokens_details: decoration(z.object({ reasoning_tokens: decoration(count) })),
});

const chunkSchema = z.object({
  object: decoration(z.string()),
  choices: z.array(choiceSchema).nullish(),
  usage: decoration(usageSchema),
  error: z.unknown().optional(),
});

/** A tool call, or a part of one, as the server wrote it. */
export interface RawToolCall {
  readonly index: number | null;
  readonly id: string | null;
  readonly name: string | null;
  /** An object is written as JSON. */
  readonly arguments: string;
}

/** One chunk in our words; empty strings and lists where it brings nothing. */
export interface UpstreamChunk {
  readonly content: string;
  readonly reasoning: string;
  readonly toolCalls: readonly RawToolCall[];
  readonly logprobs: readonly TokenLogprob[];
  /** As the server wrote it. */
  readonly finishReason: string | null;
  readonly usage: Usage | null;
  /** It has a choice of ours, be it an empty one. */
  readonly isAnswer: boolean;
  /** The text is the whole answer and not what comes next of it. */
  readonly isWhole: boolean;
}

const DONE = /^"?\[?done\]?"?$/i;

/** Whether the data of an event says that the stream is at its end. */
export function isDone(data: string): boolean {
  return DONE.test(data.trim());
}

/**
 * @param data of one event.
 * @returns null for what is no object: signs of life (`null`, `: keepalive`, `ping`)
 * @throws EngineFault where the answer in it is not understood
 * @throws UpstreamFailure where it is an error: servers report in mid-stream what they find out late.
 */
export function parseChunk(data: string, engineId: string): UpstreamChunk | null {
  const json = readJson(data);
  if (json === null) return null;
  const failure = failureOfErrorObject(json, engineId);
  if (failure) throw failure;
  const parsed = chunkSchema.safeParse(json);
  if (!parsed.success) throw notUnderstood();
  const { choices, object, usage } = parsed.data;
  const choice = choices?.find(({ index }) => (index ?? 0) === 0);
  const said = choice?.delta ?? choice?.message;
  const content = readContent(said?.content);
  return {
    content: content.text + (said?.refusal ?? '') + (said ? '' : (choice?.text ?? '')),
    reasoning:
      readReasoning(said?.reasoning) ||
      readReasoning(said?.reasoning_content) ||
      readReasoning(said?.reasoning_details) ||
      content.thinking,
    toolCalls: readToolCalls(said),
    logprobs: (choice?.logprobs?.content ?? []).flatMap((entry) =>
      entry ? [{ ...tokenLogprob(entry), top_logprobs: compact(entry.top_logprobs ?? []).map(tokenLogprob) }] : [],
    ),
    finishReason: readFinishReason(choice?.finish_reason),
    usage: usage
      ? {
          promptTokens: usage.prompt_tokens,
          completionTokens: usage.completion_tokens ?? 0,
          ...optionalCount('reasoningTokens', usage.completion_tokens_details?.reasoning_tokens),
          ...optionalCount('cachedTokens', usage.prompt_tokens_details?.cached_tokens),
        }
      : null,
    isAnswer: choice !== undefined,
    isWhole: Boolean(choice?.message) && !choice?.delta && object !== 'chat.completion.chunk',
  };
}

/** Only what looks like an object is one that was meant; a broken one is a fault, not a sign of life. */
function readJson(data: string): object | null {
  const text = data.trim();
  if (!text.startsWith('{') && !text.startsWith('[')) return null;
  try {
    const json: unknown = JSON.parse(text);
    // Gemini puts its errors into a list.
    const object: unknown = Array.isArray(json) ? json[0] : json;
    return typeof object === 'object' && object !== null && !Array.isArray(object) ? object : null;
  } catch {
    if (text.startsWith('[')) return null;
    throw notUnderstood();
  }
}

const errorObjectSchema = z.looseObject({
  object: z.unknown().optional(),
  choices: z.unknown().optional(),
  error: z.unknown().optional(),
  errors: z.unknown().optional(),
  message: z.unknown().optional(),
  detail: z.unknown().optional(),
});

/** The error that an object is: OpenAI's `error`, vLLM's `object: "error"`, FastAPI's `detail`; null where it is none. */
function failureOfErrorObject(json: object, engineId: string): UpstreamFailure | null {
  const { choices, detail, error, errors, message, object } = errorObjectSchema.parse(json);
  const isError =
    Boolean(error) ||
    object === 'error' ||
    (!choices && (Boolean(errors) || Boolean(detail) || typeof message === 'string'));
  if (!isError) return null;
  const { code } = codeSchema.safeParse(typeof error === 'object' ? error : json).data ?? { code: 500 };
  return failureOfStatus(code, { engineId, body: JSON.stringify(json), retryAfter: undefined });
}

const codeSchema = z
  .object({ code: z.unknown().optional(), status: z.unknown().optional(), status_code: z.unknown().optional() })
  .transform(({ code, status, status_code }) => [code, status, status_code].map(Number))
  .transform((codes) => ({ code: codes.find((code) => code >= 400 && code <= 599) ?? 500 }));

function readContent(content: z.output<typeof contentSchema>): { text: string; thinking: string } {
  if (!Array.isArray(content)) return { text: content ?? '', thinking: '' };
  const text = content.map((part) => (typeof part === 'string' ? part : (part.text ?? ''))).join('');
  const thinking = content.map((part) => (typeof part === 'string' ? '' : readReasoning(part.thinking))).join('');
  return { text, thinking };
}

function readToolCalls(said: z.output<typeof saidSchema> | null | undefined): RawToolCall[] {
  // The form before tools: one call, which never had an id.
  const legacy = said?.function_call ? [{ function: said.function_call, index: 0, id: null }] : [];
  const calls = said?.tool_calls && said.tool_calls.length > 0 ? said.tool_calls : legacy;
  return calls.map((call) => {
    const called = call.function ?? ('name' in call ? call : undefined);
    const text = called?.arguments ?? '';
    return {
      index: call.index ?? null,
      id: call.id || null,
      name: called?.name || null,
      arguments: typeof text === 'string' ? text : JSON.stringify(text),
    };
  });
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

function compact<Item>(items: readonly (Item | null | undefined)[]): Item[] {
  return items.filter((item): item is Item => item !== null && item !== undefined);
}

function optionalCount<Name extends string>(name: Name, value: number | null | undefined): { [Key in Name]?: number } {
  return (typeof value === 'number' ? { [name]: value } : {}) as { [Key in Name]?: number };
}

function notUnderstood(): EngineFault {
  return new EngineFault('The model server sent something that is no chat completion.');
}
