import { z } from 'zod';
import { asRecord } from '../../chat/optional.ts';
import type { TokenLogprob, Usage } from '../../chat/piece.ts';
import { EngineFault } from '../engine-fault.ts';
import { readFinishReason } from './finish-reason.ts';
import { readReasoning } from './reasoning-field.ts';
import { failureOfChoice, failureOfErrorObject, failureOfErrorText } from './reported-error.ts';
import { toWellFormed } from './whole-characters.ts';

/**
 * A `chat.completion.chunk` as servers really send it. Strict about what the answer is made of, its text and its tool
 * calls; lenient about everything that decorates it: what is not understood there is left out.
 */
const decoration = <Schema extends z.ZodType>(schema: Schema) => schema.nullish().catch(undefined);

/** Something that may be missing; servers in PHP and others write nothing as an empty list, an empty text or false. */
const maybe = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess(
    (value) => (value === '' || value === false || (Array.isArray(value) && value.length === 0) ? undefined : value),
    schema.nullish(),
  );
/** A list, or its only entry without the list. */
const list = <Schema extends z.ZodType>(entry: Schema) =>
  maybe(z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(entry.nullish())));

/** Text; a token that is a number comes as one from servers that guess at types. */
const textSchema = z.union([z.string(), z.number().transform(String)]);
const partSchema = z.looseObject({
  type: z.unknown().optional(),
  // With `value`, as in the API of assistants.
  text: z.union([textSchema, z.object({ value: z.string() }).transform(({ value }) => value)]).nullish(),
});
// Parts, as Mistral sends them for thinking models.
const contentSchema = maybe(z.union([textSchema, list(z.union([z.string(), partSchema]))]));

/** Text; llama.cpp and Ollama's own API write the value itself. The other names are those of Anthropic and Llama. */
const calledFunction = {
  name: z.string().nullish(),
  arguments: z.unknown().optional(),
  input: z.unknown().optional(),
  parameters: z.unknown().optional(),
};
const toolCallSchema = z.object({
  index: decoration(z.coerce.number().int().nonnegative()),
  id: decoration(z.union([z.string(), z.number()]).transform(String)),
  function: maybe(z.object(calledFunction)),
  custom: maybe(z.object(calledFunction)),
  extra_content: decoration(z.record(z.string(), z.unknown())),
  ...calledFunction,
});
const saidSchema = z.object({
  content: contentSchema,
  refusal: decoration(z.string()),
  reasoning: z.unknown().optional(),
  reasoning_content: z.unknown().optional(),
  reasoning_details: z.unknown().optional(),
  reasoning_text: z.unknown().optional(),
  thinking: z.unknown().optional(),
  thinking_blocks: z.unknown().optional(),
  thought: z.unknown().optional(),
  tool_calls: list(toolCallSchema),
  function_call: maybe(z.object(calledFunction)),
});

const logprobEntry = {
  token: z.string().transform(toWellFormed),
  logprob: z.number(),
  bytes: decoration(z.array(z.number())),
};
const logprobSchema = z.object({
  ...logprobEntry,
  top_logprobs: decoration(z.array(decoration(z.object(logprobEntry)))),
});

const count = z
  .union([z.number(), z.string().regex(/^\d{1,9}$/)])
  .transform(Number)
  .pipe(z.number().nonnegative())
  .transform(Math.round);
const usageSchema = z.preprocess(
  toKnownUsage,
  z.object({
    prompt_tokens: count,
    completion_tokens: decoration(count),
    prompt_tokens_details: decoration(z.object({ cached_tokens: decoration(count) })),
    completion_tokens_details: decoration(z.object({ reasoning_tokens: decoration(count) })),
  }),
);

const choiceSchema = z.object({
  index: decoration(z.coerce.number()),
  delta: maybe(saidSchema),
  /** A whole answer, from a server that does not stream. */
  message: maybe(saidSchema),
  text: decoration(z.string()),
  finish_reason: z.unknown().optional(),
  error: z.unknown().optional(),
  logprobs: decoration(z.object({ content: decoration(z.array(decoration(logprobSchema))) })),
  usage: decoration(usageSchema).describe('Where Moonshot has it.'),
});

const chunkSchema = z.object({
  object: decoration(z.string()),
  choices: list(choiceSchema),
  usage: decoration(usageSchema),
  finish_reason: z.unknown().optional(),
  x_groq: decoration(z.object({ usage: decoration(usageSchema) })),
});

/** A tool call, or a part of one, as the server wrote it. */
export interface RawToolCall {
  readonly index: number | null;
  readonly id: string | null;
  readonly name: string | null;
  /** An object is written as JSON. */
  readonly arguments: string;
  /** To be handed back with the call, as it is. */
  readonly extra?: Readonly<Record<string, unknown>>;
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
  /** It came under `message`: some servers say the whole answer so once more, in the last chunk of a stream. */
  readonly isMessage: boolean;
}

/** Counts by the names of Anthropic and of the Responses API. */
function toKnownUsage(usage: unknown): unknown {
  const given = asRecord(usage);
  if (!given || !('input_tokens' in given)) return usage;
  return { prompt_tokens: given.input_tokens, completion_tokens: given.output_tokens, ...given };
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
 * @throws UpstreamFailure where it is an error: servers report in mid-stream what they find out late
 */
export function parseChunk(data: string, engineId: string): UpstreamChunk | null {
  const json = readJson(data);
  const failure = json === null ? failureOfErrorText(data, engineId) : failureOfErrorObject(json, engineId);
  if (failure) throw failure;
  if (json === null) return null;
  const parsed = chunkSchema.safeParse(json);
  if (!parsed.success) throw notUnderstood();
  const { choices, finish_reason: reasonBeside, object, x_groq: ofGroq } = parsed.data;
  const choice = choices?.find((each) => (each?.index ?? 0) === 0);
  const failureOfOurs = failureOfChoice(choice?.error, engineId);
  if (failureOfOurs) throw failureOfOurs;
  const usage = parsed.data.usage ?? choice?.usage ?? ofGroq?.usage;
  const said = choice?.delta ?? choice?.message;
  const isMessage = Boolean(choice?.message) && !choice?.delta;
  const content = readContent(said?.content);
  return {
    content: content.text + (said?.refusal ?? '') + (said ? '' : (choice?.text ?? '')),
    reasoning:
      readReasoning(said?.reasoning) ||
      readReasoning(said?.reasoning_content) ||
      readReasoning(said?.reasoning_details) ||
      readReasoning(said?.reasoning_text) ||
      readReasoning(said?.thinking) ||
      readReasoning(said?.thinking_blocks) ||
      readReasoning(said?.thought) ||
      content.thinking,
    toolCalls: readToolCalls(said),
    logprobs: (choice?.logprobs?.content ?? []).flatMap((entry) =>
      entry ? [{ ...tokenLogprob(entry), top_logprobs: compact(entry.top_logprobs ?? []).map(tokenLogprob) }] : [],
    ),
    finishReason: readFinishReason(choice?.finish_reason) ?? readFinishReason(reasonBeside),
    usage: usage
      ? {
          promptTokens: usage.prompt_tokens,
          completionTokens: usage.completion_tokens ?? 0,
          ...optionalCount('reasoningTokens', usage.completion_tokens_details?.reasoning_tokens),
          ...optionalCount('cachedTokens', usage.prompt_tokens_details?.cached_tokens),
        }
      : null,
    isAnswer: Boolean(choice),
    isWhole: isMessage && object !== 'chat.completion.chunk',
    isMessage,
  };
}

/** Only what looks like an object is one that was meant; a broken one is a fault, not a sign of life. */
function readJson(data: string): object | null {
  const text = data.trim();
  if (!text.startsWith('{') && !text.startsWith('[')) return null;
  try {
    const json = parseLoosely(text);
    // Gemini puts its errors into a list.
    const object: unknown = Array.isArray(json) ? json[0] : json;
    return typeof object === 'object' && object !== null && !Array.isArray(object) ? object : null;
  } catch {
    if (text.startsWith('[')) return null;
    throw notUnderstood();
  }
}

/** A text of JSON, or a number that JSON does not know. */
const STRING_OR_ODD_NUMBER = /("(?:[^"\\]|\\.)*")|-?\b(?:Infinity|NaN)\b/g;

/** Python writes the logarithm of nothing as -Infinity, which is no JSON. */
function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const usual = text.replaceAll(STRING_OR_ODD_NUMBER, (_all, string: string | undefined) => string ?? 'null');
    if (usual === text) throw error;
    return JSON.parse(usual);
  }
}

/** Types of parts that hold what the model thinks. */
const THOUGHTS: ReadonlySet<unknown> = new Set(['thinking', 'reasoning', 'thought']);

function readContent(content: z.output<typeof contentSchema>): { text: string; thinking: string } {
  if (!Array.isArray(content)) return { text: content ?? '', thinking: '' };
  let text = '';
  let thinking = '';
  for (const part of content) {
    if (typeof part === 'string') text += part;
    else if (THOUGHTS.has(part?.type)) thinking += readReasoning(part);
    else {
      text += part?.text ?? '';
      thinking += readReasoning(part?.thinking);
    }
  }
  return { text, thinking };
}

function readToolCalls(said: z.output<typeof saidSchema> | null | undefined): RawToolCall[] {
  // The form before tools: one call, which never had an id.
  const legacy = said?.function_call
    ? [{ function: said.function_call, custom: undefined, extra_content: undefined, index: 0, id: null }]
    : [];
  const given = compact(said?.tool_calls ?? []);
  const calls = (given.length > 0 ? given : legacy).map((call): RawToolCall => {
    const called = call.function ?? call.custom ?? ('name' in call ? call : undefined);
    const text = called?.arguments ?? called?.input ?? called?.parameters ?? '';
    return {
      index: call.index ?? null,
      id: call.id || null,
      name: called?.name || null,
      arguments: typeof text === 'string' ? text : JSON.stringify(text),
      ...(call.extra_content && { extra: call.extra_content }),
    };
  });
  // The place of a call, and nothing in it.
  return calls.filter((call) => call.id !== null || call.name !== null || call.arguments !== '');
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
