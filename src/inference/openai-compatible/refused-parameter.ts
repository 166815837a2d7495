import { z } from 'zod';

/** A parameter of a request that a model server complains of, by the name that our callers know; null: nobody knows. */
export interface RefusedParameter {
  readonly param: string | null;
  /** What of the parameter, in our words; the server's own may quote the prompt. */
  readonly message: string;
  /** The chat template takes the roles of messages in another order only. */
  readonly isAboutRoles: boolean;
  /** Numbers that the complaint names as the most that is taken. */
  readonly limits?: readonly number[];
}

/** What chat templates and parsers complain of. */
const KNOWN_COMPLAINTS: readonly (readonly [RegExp, RefusedParameter])[] = [
  [
    /system (message|role|prompt)[^.]{0,40}(begin|first|start|support)|only support[^.]{0,20}system|roles are supported|unexpected (role|message)[^.]{0,20}system/i,
    { param: 'messages', message: 'takes a system message only at the beginning of the messages', isAboutRoles: true },
  ],
  [
    /roles? must alternate|alternat\w+ user|2 or more assistant|last message[^.]{0,30}(role|assistant|user)|expected last role|prefill/i,
    { param: 'messages', message: 'does not take messages of these roles in this order', isAboutRoles: true },
  ],
];

/** OpenAI's own words, under the older name. */
const NEWER_LIMIT = /max_tokens\W{1,4}is not supported.{0,80}max_completion_tokens/s;

const TOKEN_LIMITS: ReadonlySet<string> = new Set(['max_tokens', 'max_completion_tokens']);
const LIMIT = /(?:at most|less than|equal to|<=?|maximum|allowed|limit|range[^[]{0,40}\[\d+,)\D{0,16}(\d{2,7})\b/gi;

/** Complaints in words of their own: looked at where no parameter is named. */
const OTHER_COMPLAINTS: readonly (readonly [RegExp, Pick<RefusedParameter, 'param' | 'message'>])[] = [
  [
    /content[_ ](filter|management|policy|exists risk)|responsible ?ai|data_inspection|inappropriate content/i,
    { param: 'messages', message: 'refused the messages by a filter of its own' },
  ],
  [
    /(process|load|identify|decode|open|read)\w* (the |an )?(input )?image|at most \d+ image|too many images/i,
    { param: 'messages', message: 'cannot read the images, or takes fewer of them' },
  ],
  [
    /calls and responses|unexpected role|tool call id|message content|content blocks?/i,
    { param: 'messages', message: 'refused the messages' },
  ],
  [/json (mode|schema)|grammar/i, { param: 'response_format', message: 'refused the parameter response_format' }],
  [
    /support (thinking|reasoning)|enable_thinking|thinking_budget/i,
    { param: 'reasoning_effort', message: 'does not think as it was asked to' },
  ],
  [/function[_ ](name|declaration)/i, { param: 'tools', message: 'refused the parameter tools' }],
];

/** Names that are no words of everyday prompts: they are looked for anywhere in the text of the complaint. */
const NAMES: readonly string[] = [
  ...[
    'reasoning_content',
    'tool_choice',
    'parallel_tool_calls',
    'response_format',
    'json_schema',
    'chat_template_kwargs',
  ],
  ...['reasoning_effort', 'structured_outputs', 'guided_json', 'guided_regex', 'guided_choice', 'guided_grammar'],
  ...['top_logprobs', 'logprobs', 'logit_bias', 'max_completion_tokens', 'max_tokens', 'min_tokens'],
  ...['presence_penalty', 'frequency_penalty', 'repetition_penalty', 'top_p', 'top_k', 'min_p', 'stop_token_ids'],
  ...['stream_options', 'image_url', 'tool_calls', 'tool_call_id'],
];
/** Names that are everyday words too: only where the complaint quotes them, or begins with them. */
const COMMON_NAMES: readonly string[] = ['temperature', 'seed', 'stop', 'tools', 'grammar', 'n', 'messages', 'model'];

/** Names that the server has for what our callers call something else. */
const OUR_NAMES: Readonly<Record<string, string>> = {
  json_schema: 'response_format',
  grammar: 'response_format',
  schema: 'response_format',
  tool_calls: 'messages',
  tool_call_id: 'messages',
  image_url: 'messages',
};

const withParam = z.looseObject({ param: z.string() });
/** OpenAI's form, its error alone, and FastAPI's. */
const fieldSchema = z.union([
  z.looseObject({ error: withParam }).transform(({ error }) => error.param),
  withParam.transform(({ param }) => param),
  z.looseObject({ detail: z.array(z.looseObject({ loc: z.array(z.unknown()) })).min(1) }).transform(({ detail }) => {
    const loc = detail[0]?.loc ?? [];
    const isReasoning = loc.includes('reasoning_content');
    return isReasoning ? 'reasoning_content' : loc.find((entry) => typeof entry === 'string' && entry !== 'body');
  }),
]);

/**
 * The parameter that a refusal is about. Only names from our own list come out of it: the body may quote the prompt,
 * the server's address or our key.
 */
export function findRefusedParameter(body: string): RefusedParameter | null {
  const known = KNOWN_COMPLAINTS.find(([words]) => words.test(body))?.[1];
  if (known) return known;
  const name = NEWER_LIMIT.test(body) ? 'max_completion_tokens' : (namedByField(body) ?? namedInText(body));
  if (name === null) {
    const other = OTHER_COMPLAINTS.find(([words]) => words.test(body))?.[1];
    return other ? { ...other, isAboutRoles: false } : null;
  }
  const param = OUR_NAMES[name] ?? name;
  const limits = TOKEN_LIMITS.has(name) ? limitsIn(body) : [];
  return {
    param,
    message: `refused the parameter ${param}`,
    isAboutRoles: false,
    ...(limits.length > 0 && { limits }),
  };
}

function limitsIn(body: string): number[] {
  return [...body.slice(0, 4_096).matchAll(LIMIT)].map(([, number]) => Number(number));
}

function namedByField(body: string): string | null {
  const field = fieldSchema.safeParse(parse(body)).data;
  const name = typeof field === 'string' ? /^\w+/.exec(field)?.[0] : undefined;
  return name !== undefined && [...NAMES, ...COMMON_NAMES].includes(name) ? name : null;
}

function namedInText(body: string): string | null {
  const text = body.slice(0, 4_096);
  const name = NAMES.find((each) => new RegExp(`\\b${each}\\b`, 'i').test(text));
  if (name) return name;
  return COMMON_NAMES.find((each) => asParameter(each).test(text)) ?? null;
}

/** A name as a complaint writes it, and not as a prompt or a body that is quoted may. */
function asParameter(name: string): RegExp {
  const isSampler = name === 'temperature' || name === 'seed' || name === 'stop';
  const verbs = `must|should|is not|is too|out of${isSampler ? '|value|parameter|cannot|may' : ''}`;
  return new RegExp(
    [
      `["'\`]${name}\\\\?["'\`](?!\\s*:)|\\bfor ["'\`]${name}["'\`]`,
      `\\b${name} (${verbs})\\b|\\b${name}[.[]\\d|Request\\.${name}\\b`,
      `\\b(invalid|unsupported|unknown|parameter|argument) ${name}\\b`,
    ].join('|'),
    'i',
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
