import { z } from 'zod';
import type { TokenLogprob, Usage } from '../../chat/piece.ts';
import { thoughtText } from '../../chat/thought-text.ts';
import { EngineFault } from '../engine-fault.ts';
import { readFinishReason } from './finish-reason.ts';
import { compact, decoration, list, maybe } from './lenient.ts';
import { readJson } from './loose-json.ts';
import { functionCallSchema, type RawToolCall, readToolCalls, toolCallSchema } from './raw-tool-call.ts';
import { failureOfChoice, failureOfErrorObject, failureOfErrorText } from './reported-error.ts';
import { toUsage, usageSchema } from './upstream-usage.ts';
import { toWellFormed } from './whole-characters.ts';

/** Text; a token that is a number comes as one from servers that guess at types. */
const textSchema = z.union([z.string(), z.number().transform(String)]);
const partSchema = z.looseObject({
  type: z.unknown().optional(),
  // With `value`, as in the API of assistants.
  text: z.union([textSchema, z.object({ value: z.string() }).transform(({ value }) => value)]).nullish(),
});
// Parts, as Mistral sends them for thinking models.
const contentSchema = maybe(z.union([textSchema, list(z.union([z.string(), partSchema]))]));

/** Names of what the model thinks, in any of the forms that `thoughtText` knows. */
const REASONING_FIELDS: readonly string[] = [
  ...['reasoning', 'reasoning_content', 'reasoning_details', 'reasoning_text'],
  ...['thinking', 'thinking_blocks', 'thought'],
];
/** Loose: it has the fields of reasoning too. */
const saidSchema = z.looseObject({
  content: contentSchema,
  refusal: decoration(z.string()),
  tool_calls: list(toolCallSchema),
  function_call: maybe(functionCallSchema),
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

/**
 * A `chat.completion.chunk` as servers really send it. Strict about what the answer is made of, its text and its tool
 * calls; lenient about everything that decorates it: what is not understood there is left out.
 */
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
  const json = readObject(data);
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
    reasoning: REASONING_FIELDS.reduce((found, name) => found || thoughtText(said?.[name]), '') || content.thinking,
    toolCalls: readToolCalls(said),
    logprobs: (choice?.logprobs?.content ?? []).flatMap((entry) =>
      entry ? [{ ...tokenLogprob(entry), top_logprobs: compact(entry.top_logprobs ?? []).map(tokenLogprob) }] : [],
    ),
    finishReason: readFinishReason(choice?.finish_reason) ?? readFinishReason(reasonBeside),
    usage: usage ? toUsage(usage) : null,
    isAnswer: Boolean(choice),
    isWhole: isMessage && object !== 'chat.completion.chunk',
    isMessage,
  };
}

function readObject(data: string): object | null {
  try {
    return readJson(data);
  } catch {
    throw notUnderstood();
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
    else if (THOUGHTS.has(part?.type)) thinking += thoughtText(part);
    else {
      text += part?.text ?? '';
      thinking += thoughtText(part?.thinking);
    }
  }
  return { text, thinking };
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

function notUnderstood(): EngineFault {
  return new EngineFault('The model server sent something that is no chat completion.');
}
