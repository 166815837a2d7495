import { z } from 'zod';
import { boundedArray } from './bounded-array.ts';
import { asRecord, optional } from './optional.ts';

const MAX_TOOLS = 128;

const functionSchema = z.looseObject({ name: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/) });
const toolSchema = z.looseObject({ type: z.literal('function'), function: functionSchema });
const MODES = ['none', 'auto', 'required'] as const;

const toolChoiceSchema = z.preprocess(
  toKnownChoice,
  z.union([z.enum(MODES), z.looseObject({ type: z.literal('function'), function: z.object({ name: z.string() }) })]),
);

/** Fields about tools; `functions` and `function_call` are what they were called before. */
export const toolFields = {
  tools: optional(boundedArray(toolSchema, MAX_TOOLS)),
  tool_choice: optional(toolChoiceSchema),
  functions: optional(boundedArray(functionSchema, MAX_TOOLS)).describe('Taken as tools.'),
  function_call: optional(z.union([z.enum(['none', 'auto']), z.object({ name: z.string() })])),
};

const toolFieldsSchema = z.object(toolFields);
type ToolFields = z.output<typeof toolFieldsSchema>;
type Tool = z.output<typeof toolSchema>;
export type ToolChoice = z.output<typeof toolChoiceSchema>;

/** The tools that a request offers, by either name; undefined: none. */
export function toolsOf({ functions, tools }: ToolFields): readonly Tool[] | undefined {
  const offered = tools ?? functions?.map((called): Tool => ({ type: 'function', function: called }));
  return offered && offered.length > 0 ? offered : undefined;
}

export function toolChoiceOf({ function_call: legacy, tool_choice: choice }: ToolFields): ToolChoice | undefined {
  if (choice !== undefined || legacy === undefined) return choice;
  return typeof legacy === 'string' ? legacy : { type: 'function', function: { name: legacy.name } };
}

/** What is wrong with a choice: a call that is asked for must be possible. null: nothing. */
export function findImpossibleChoice(request: ToolFields): { path: string; message: string } | null {
  const choice = toolChoiceOf(request);
  const path = request.tool_choice === undefined ? 'function_call' : 'tool_choice';
  if (choice === undefined || choice === 'none' || choice === 'auto') return null;
  const tools = toolsOf(request);
  if (!tools) return { path, message: 'asks for a call, but there are no tools' };
  if (choice === 'required' || tools.some((tool) => tool.function.name === choice.function.name)) return null;
  return { path, message: 'names none of the tools' };
}

/** `any` of Mistral and Anthropic, modes written as objects, a function's name beside the type (Responses API). */
function toKnownChoice(value: unknown): unknown {
  if (value === 'any') return 'required';
  const choice = asRecord(value);
  if (!choice) return value;
  const { function: called, name, type } = choice;
  if (type === 'any' || (typeof type === 'string' && MODES.some((mode) => mode === type))) {
    return type === 'any' ? 'required' : type;
  }
  if ((type === 'function' || type === 'tool') && !called && typeof name === 'string') {
    return { type: 'function', function: { name } };
  }
  return value;
}
