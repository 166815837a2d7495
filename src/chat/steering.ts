import { z } from 'zod';
import { boundedArray } from './bounded-array.ts';
import { optional } from './optional.ts';
import { schemaOrTextSchema } from './response-format.ts';

/**
 * Fields by which callers of vLLM, SGLang, llama.cpp and Ollama steer the engine. They are no part of OpenAI's API, or
 * of a newer one: an engine gets those that it knows, under the names that it has for them.
 */

const MAX_TEMPLATE_CHARACTERS = 16_384;
const MAX_TOKENS_NAMED = 1024;
const MOST = 1_000_000;

const tokens = boundedArray(z.number().int().nonnegative(), MAX_TOKENS_NAMED);
const probability = z.number().min(0).max(1);
const flag = z.boolean();
const number = z.number().min(-MOST).max(MOST);
const small = <Schema extends z.ZodType>(schema: Schema) =>
  schema.refine((value) => JSON.stringify(value).length <= MAX_TEMPLATE_CHARACTERS, 'is too large');

const textOrTexts = z.union([z.string().max(1_024), boundedArray(z.string().max(64), 64)]);
/** Some clients send the fields that they do not use empty. */
const unlessEmpty = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess(
    (value) => (value === '' || (Array.isArray(value) && value.length === 0) ? undefined : (value ?? undefined)),
    schema.optional(),
  );

const settingFields = {
  chat_template_kwargs: optional(small(z.record(z.string(), z.unknown()))),
  reasoning_effort: unlessEmpty(z.string().regex(/^[a-z_]{1,16}$/i)),
  enable_thinking: optional(flag),
  thinking: optional(z.union([flag, small(z.looseObject({ type: optional(z.string().max(32)) }))])),
  think: optional(z.union([flag, z.string().max(16)])).describe("Ollama's word"),
  thinking_budget: optional(number),
  reasoning: optional(small(z.looseObject({ effort: optional(z.string().max(16)), enabled: optional(flag) }))).describe(
    "OpenRouter's form of reasoning_effort",
  ),
  verbosity: unlessEmpty(z.string().regex(/^[a-z_]{1,16}$/i)),
  parallel_tool_calls: optional(flag),
  logit_bias: optional(
    z.union([
      z
        .record(z.string().max(64), z.union([z.number().min(-100).max(100), flag]))
        .refine(
          (bias) => Object.keys(bias).length <= MAX_TOKENS_NAMED,
          `must have at most ${MAX_TOKENS_NAMED} entries`,
        ),
      // llama.cpp's form: a token or a text, and its bias or false.
      boundedArray(z.tuple([z.union([z.number(), z.string().max(64)]), z.union([z.number(), flag])]), MAX_TOKENS_NAMED),
    ]),
  ),
  min_p: optional(probability),
  typical_p: optional(probability),
  top_a: optional(probability),
  typ_p: optional(probability),
  tfs_z: optional(number),
  top_n_sigma: optional(number),
  xtc_probability: optional(probability),
  xtc_threshold: optional(probability),
  dry_multiplier: optional(number),
  dry_base: optional(number),
  dry_allowed_length: optional(number),
  dry_penalty_last_n: optional(number),
  // As text, text-generation-webui has a list of JSON here, and llama.cpp one letter for each sampler.
  dry_sequence_breakers: optional(textOrTexts),
  mirostat: optional(number),
  mirostat_tau: optional(number),
  mirostat_eta: optional(number),
  dynatemp_range: optional(number),
  dynatemp_exponent: optional(number),
  repeat_last_n: optional(number),
  no_repeat_ngram_size: optional(number),
  length_penalty: optional(number),
  samplers: optional(textOrTexts),
  min_tokens: optional(z.number().int().nonnegative()),
  ignore_eos: optional(flag),
  stop_token_ids: optional(tokens),
  bad_words: optional(boundedArray(z.string().max(256), MAX_TOKENS_NAMED)),
  allowed_token_ids: optional(tokens),
  skip_special_tokens: optional(flag),
  spaces_between_special_tokens: optional(flag),
  truncate_prompt_tokens: optional(number),
  guided_decoding_backend: optional(z.string().max(64)),
  guided_whitespace_pattern: optional(z.string().max(1_024)),
  include_stop_str_in_output: optional(flag),
  include_reasoning: optional(flag),
  separate_reasoning: optional(flag),
  add_generation_prompt: optional(flag),
  continue_final_message: optional(flag),
  mm_processor_kwargs: optional(small(z.record(z.string(), z.unknown()))),
};

const choices = boundedArray(z.string().max(4_096), MAX_TOKENS_NAMED, 1);
const text = unlessEmpty(z.string().max(65_536));

const constraintFields = {
  structured_outputs: optional(
    z.looseObject({
      json: unlessEmpty(schemaOrTextSchema),
      json_object: optional(flag),
      regex: text,
      choice: unlessEmpty(choices),
      grammar: text,
      structural_tag: optional(z.unknown()),
    }),
  ),
  guided_json: unlessEmpty(schemaOrTextSchema),
  guided_regex: text,
  guided_choice: unlessEmpty(choices),
  guided_grammar: text,
  json_schema: unlessEmpty(schemaOrTextSchema),
  grammar: text,
  regex: text,
  ebnf: text,
  // A name that anything may have: what is no format is let pass.
  format: optional(z.union([z.literal('json'), z.record(z.string(), z.unknown())]))
    .catch(undefined)
    .describe("Ollama's form of response_format"),
};

export const steeringFields = { ...settingFields, ...constraintFields };

const steeringSchema = z.object(steeringFields);
type SteeringFields = z.output<typeof steeringSchema>;

/** Settings that were given, by the names that callers write. */
export type Settings = Readonly<Partial<Record<keyof typeof settingFields, unknown>>>;

/** What an answer may consist of, other than by a JSON schema. */
export interface TextConstraint {
  readonly kind: 'regex' | 'choice' | 'grammar' | 'structural_tag';
  readonly value: unknown;
  /** Where it stands in the body. */
  readonly param: string;
}

/** The settings of a request; undefined: none. */
export function settingsOf(request: SteeringFields): Settings | undefined {
  const names = Object.keys(settingFields) as (keyof typeof settingFields)[];
  const given = names.filter((name) => request[name] !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given.map((name) => [name, request[name]]));
}

/** JSON schemas that a request gives by another name than `response_format`, with the path of each. */
export function schemasOf({ format, guided_json, json_schema, structured_outputs }: SteeringFields) {
  const entries = [
    { param: 'structured_outputs.json', schema: structured_outputs?.json },
    { param: 'guided_json', schema: guided_json },
    { param: 'json_schema', schema: json_schema },
    { param: 'format', schema: typeof format === 'object' ? format : undefined },
  ];
  return entries.flatMap(({ param, schema }) => (schema === undefined ? [] : [{ param, schema }]));
}

/** Constraints of a request that are no JSON schema. */
export function constraintsOf(request: SteeringFields): TextConstraint[] {
  const outputs = request.structured_outputs;
  const entries: TextConstraint[] = [
    { kind: 'regex', value: outputs?.regex, param: 'structured_outputs.regex' },
    { kind: 'regex', value: request.guided_regex, param: 'guided_regex' },
    { kind: 'regex', value: request.regex, param: 'regex' },
    { kind: 'choice', value: outputs?.choice, param: 'structured_outputs.choice' },
    { kind: 'choice', value: request.guided_choice, param: 'guided_choice' },
    { kind: 'grammar', value: outputs?.grammar, param: 'structured_outputs.grammar' },
    { kind: 'grammar', value: request.guided_grammar, param: 'guided_grammar' },
    { kind: 'grammar', value: request.grammar, param: 'grammar' },
    { kind: 'grammar', value: request.ebnf, param: 'ebnf' },
    { kind: 'structural_tag', value: outputs?.structural_tag, param: 'structured_outputs.structural_tag' },
  ];
  return entries.filter(({ value }) => value !== undefined);
}
