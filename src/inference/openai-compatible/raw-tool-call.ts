import { z } from 'zod';
import { compact, decoration, maybe } from './lenient.ts';

/** Text; llama.cpp and Ollama's own API write the value itself. The other names are those of Anthropic and Llama. */
const calledFunction = {
  name: z.string().nullish(),
  arguments: z.unknown().optional(),
  input: z.unknown().optional(),
  parameters: z.unknown().optional(),
};
export const toolCallSchema = z.object({
  index: decoration(z.coerce.number().int().nonnegative()),
  id: decoration(z.union([z.string(), z.number()]).transform(String)),
  function: maybe(z.object(calledFunction)),
  custom: maybe(z.object(calledFunction)),
  extra_content: decoration(z.record(z.string(), z.unknown())),
  ...calledFunction,
});
/** The form before tools. */
export const functionCallSchema = z.object(calledFunction);

type CallSaid = Partial<z.output<typeof toolCallSchema>>;

interface Calling {
  readonly tool_calls?: readonly (CallSaid | null | undefined)[] | null | undefined;
  readonly function_call?: z.output<typeof functionCallSchema> | null | undefined;
}

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

/** @param said what calls stand in, as tools or in the form before them */
export function readToolCalls(said: Calling | null | undefined): RawToolCall[] {
  // The form before tools: one call, which never had an id.
  const legacy: CallSaid[] = said?.function_call ? [{ function: said.function_call, index: 0 }] : [];
  const given = compact(said?.tool_calls ?? []);
  const calls = (given.length > 0 ? given : legacy).map((call): RawToolCall => {
    const called = call.function ?? call.custom ?? call;
    const text = called.arguments ?? called.input ?? called.parameters ?? '';
    return {
      index: call.index ?? null,
      id: call.id || null,
      name: called.name || null,
      arguments: typeof text === 'string' ? text : JSON.stringify(text),
      ...(call.extra_content && { extra: call.extra_content }),
    };
  });
  // The place of a call, and nothing in it.
  return calls.filter((call) => call.id !== null || call.name !== null || call.arguments !== '');
}
