import { asRecord } from './optional.ts';
import { thoughtText } from './thought-text.ts';

interface Call {
  readonly id: string;
  readonly name: unknown;
}

/** Types of parts that hold what a model thought; what of it is encrypted has no text. */
const THOUGHTS: ReadonlySet<unknown> = new Set(['thinking', 'redacted_thinking', 'reasoning']);

/**
 * Messages as OpenAI's chat API writes them today, out of what clients hand back: refusals, an empty answer (`content:
 * null`), calls of functions from before there were tools, calls without type or id or with arguments that are no text
 * (Ollama). What is not known stays as it is, for the schema to judge.
 */
export function toKnownMessages(messages: readonly unknown[]): unknown[] {
  let open: Call[] = [];
  return messages.map((value, position) => {
    const message = asRecord(value);
    switch (message?.role) {
      case 'assistant': {
        const known = toKnownAssistant(message, position);
        open = callsOf(known);
        return known;
      }
      case 'function':
      case 'tool': {
        const { id, rest } = answeredCall(message, open);
        open = rest;
        return {
          ...message,
          role: 'tool',
          content: toResult(message.content),
          ...(id !== null && { tool_call_id: id }),
        };
      }
      case 'user':
        return withOllamaImages(message);
      default:
        return value;
    }
  });
}

/** Ollama's own API puts the base64 of pictures beside the text. */
function withOllamaImages(message: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { content, images, ...rest } = message;
  if (!Array.isArray(images) || images.length === 0 || !images.every((image) => typeof image === 'string'))
    return message;
  const said: readonly unknown[] = Array.isArray(content) ? content : [content ?? ''];
  return { ...rest, content: [...said, ...images.map((image) => ({ type: 'input_image', image }))] };
}

/** Types of parts, some by the names of other APIs; an object of another type is a value (GeoJSON, a resource of MCP). */
const PARTS: ReadonlySet<unknown> = new Set([
  ...['file', 'image', 'image_url', 'input_audio', 'input_file', 'input_image', 'input_text', 'input_video'],
  ...['output_text', 'refusal', 'video_url'],
]);

/** What a tool answered is text: values are written as JSON. */
function toResult(content: unknown): unknown {
  if (content === null || content === undefined) return '';
  if (typeof content === 'string' || isPart(content) || (Array.isArray(content) && content.every(isPart)))
    return content;
  return JSON.stringify(content);
}

function isPart(value: unknown): boolean {
  const part = asRecord(value);
  const isText = part?.type === 'text' && typeof part.text === 'string';
  return typeof value === 'string' || isText || PARTS.has(part?.type);
}

function toKnownAssistant(message: Readonly<Record<string, unknown>>, position: number): Record<string, unknown> {
  const { content: given, function_call: legacy, refusal, tool_calls: calls, ...rest } = message;
  const { content, thoughts } = splitThoughts(given);
  const known = Array.isArray(calls)
    ? calls.map((call: unknown, index) => toKnownCall(call, `call_${position}_${index}`))
    : isEmpty(calls)
      ? undefined
      : calls;
  const toolCalls = known ?? (asRecord(legacy) ? [toKnownCall({ function: legacy }, `call_${position}_0`)] : undefined);
  // An answer that is empty, was a refusal or was spoken is part of the conversation all the same.
  const hasCalls = Array.isArray(toolCalls) && toolCalls.length > 0;
  const empty = (content === null || asRecord(message.audio)) && !hasCalls ? '' : undefined;
  const said = content ?? (typeof refusal === 'string' ? refusal : empty);
  return {
    ...rest,
    ...(said !== undefined && { content: said }),
    ...(toolCalls !== undefined && { tool_calls: toolCalls }),
    ...reasoningOf(message, thoughts),
  };
}

function reasoningOf(
  { reasoning, reasoning_content, reasoning_details, thinking }: Readonly<Record<string, unknown>>,
  thoughts: string,
): object {
  const said = [reasoning_content, reasoning, thoughts, reasoning_details, thinking].map(thoughtText);
  return { reasoning: said.find((text) => text !== ''), reasoning_content: undefined };
}

/** Takes what Anthropic, Mistral and LangChain write as a part of the answer, its thoughts, out of it. */
function splitThoughts(content: unknown): { content: unknown; thoughts: string } {
  if (!Array.isArray(content)) return { content, thoughts: '' };
  const parts: readonly unknown[] = content;
  const isThought = (part: unknown) => THOUGHTS.has(asRecord(part)?.type);
  return {
    content: parts.filter((part) => !isThought(part)),
    thoughts: thoughtText(parts.filter(isThought)),
  };
}

function toKnownCall(value: unknown, fallbackId: string): unknown {
  const call = asRecord(value);
  if (!call) return value;
  const custom = asRecord(call.custom);
  const called = custom ? { name: custom.name, arguments: { input: custom.input } } : calledBy(call);
  if (!called) return value;
  const { arguments: given, ...rest } = called;
  const text = typeof given === 'string' ? given : JSON.stringify(given ?? {});
  const { args: _args, arguments: _arguments, custom: _custom, name: _name, ...kept } = call;
  return {
    ...kept,
    id: idOf(call.id) ?? fallbackId,
    type: 'function',
    function: { ...rest, arguments: text },
  };
}

/** The function of a call, or what LangChain and others write beside the id instead. */
function calledBy(call: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | null {
  const { args, arguments: given, name } = call;
  return asRecord(call.function) ?? (typeof name === 'string' ? { name, arguments: given ?? args } : null);
}

/** Some count their calls. */
function idOf(id: unknown): string | null {
  if (typeof id === 'number') return String(id);
  return typeof id === 'string' && id !== '' ? id : null;
}

function isEmpty(value: unknown): boolean {
  const record = asRecord(value);
  return value === '' || value === false || (record !== null && Object.keys(record).length === 0);
}

function callsOf(message: Readonly<Record<string, unknown>>): Call[] {
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  return calls.flatMap((value: unknown) => {
    const call = asRecord(value);
    return typeof call?.id === 'string' ? [{ id: call.id, name: asRecord(call.function)?.name }] : [];
  });
}

/** Which call a result belongs to: by its id, else by the function's name, else the first that has no result yet. */
function answeredCall(
  message: Readonly<Record<string, unknown>>,
  open: readonly Call[],
): { id: string | null; rest: Call[] } {
  const { name, tool_name: toolName } = message;
  const given = idOf(message.tool_call_id);
  if (given !== null) return { id: given, rest: open.filter(({ id }) => id !== given) };
  const called = name ?? toolName;
  const call = open.find((each) => each.name === called) ?? open[0];
  return call ? { id: call.id, rest: open.filter((each) => each !== call) } : { id: null, rest: [...open] };
}
