import { z } from 'zod';
import { asRecord, optional } from '../chat/optional.ts';
import { requestError } from '../chat/request-error.ts';
import { tokenLimit } from '../chat/token-limit.ts';

/**
 * Body of POST /v1/responses, as OpenAI writes it: unknown fields are ignored, null means absent. What this server
 * cannot do (hosted tools, stored prompts, conversations) is refused by name instead of being left out silently.
 */

/** What is not supported may be named only as absent. */
const absent = (message: string) =>
  z.preprocess((value) => value ?? undefined, z.undefined({ error: message }).optional());

const MAX_ITEMS = 4096;
const MAX_PARTS = 256;

const fileId = optional(z.string().min(1).max(128)).describe('A picture or document of /v1/files.');
/** The API has put the content in its place; lines of batches are not looked through. */
const NO_FILES = { path: ['file_id'], message: 'Files are not taken in lines of batches' };

const inputPartSchema = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['input_text', 'output_text', 'text']), text: z.string() }),
  z.object({ type: z.literal('refusal'), refusal: z.string() }),
  z
    .object({
      type: z.literal('input_image'),
      image_url: optional(z.string().min(1)),
      file_id: fileId,
      detail: optional(z.string()),
    })
    .refine(({ file_id }) => file_id === undefined, NO_FILES),
  z
    .object({
      type: z.literal('input_file'),
      file_data: optional(z.string().min(1)),
      file_url: optional(z.string().min(1)),
      filename: optional(z.string()),
      file_id: fileId,
    })
    .refine(({ file_id }) => file_id === undefined, NO_FILES),
]);
export type InputPart = z.output<typeof inputPartSchema>;

const contentSchema = z.union([z.string(), z.array(inputPartSchema).max(MAX_PARTS)]);

const messageItemSchema = z.object({
  type: z.preprocess((value) => value ?? 'message', z.literal('message')),
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content: contentSchema,
});

const functionCallSchema = z.object({
  type: z.literal('function_call'),
  call_id: z.string().min(1).max(256),
  name: z.string().min(1).max(256),
  arguments: z.string(),
});

const functionOutputSchema = z.object({
  type: z.literal('function_call_output'),
  call_id: z.string().min(1).max(256),
  output: contentSchema,
});

/** What a model thought before is for people; it is not sent back to it. */
const reasoningSchema = z.object({ type: z.literal('reasoning') });

/** An item of an earlier response. The API has put the item in its place; lines of batches are not looked through. */
const itemReferenceSchema = z
  .object({ type: z.literal('item_reference'), id: z.string().min(1).max(128) })
  .refine(() => false, { path: ['type'], message: 'Items are not referred to in lines of batches' });

/** An item without a type is a message. */
const itemSchema = z.preprocess(
  (item) => {
    const given = asRecord(item);
    return given && (given.type ?? null) === null ? { ...given, type: 'message' } : item;
  },
  z.discriminatedUnion('type', [
    messageItemSchema.extend({ type: z.literal('message') }),
    functionCallSchema,
    functionOutputSchema,
    reasoningSchema,
    itemReferenceSchema,
  ]),
);
export type InputItem = z.output<typeof itemSchema>;

const formatSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    name: z.string().min(1).max(64),
    description: optional(z.string()),
    schema: z.record(z.string(), z.unknown()),
    strict: optional(z.boolean()),
  }),
]);

const toolSchema = z.object({
  type: z.literal('function', { error: 'Only tools of type "function" are supported' }),
  name: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/),
  description: optional(z.string()),
  parameters: optional(z.record(z.string(), z.unknown())),
  strict: optional(z.boolean()),
});

const toolChoiceSchema = z.union([
  z.enum(['none', 'auto', 'required']),
  z.object({ type: z.literal('function'), name: z.string() }),
]);

export const responseRequestSchema = z.object({
  model: z.string().min(1).max(256),
  input: z.union([z.string(), z.array(itemSchema).max(MAX_ITEMS)]),
  instructions: optional(z.string()),
  text: optional(z.object({ format: optional(formatSchema), verbosity: optional(z.string()) })),
  tools: optional(z.array(toolSchema).max(128)),
  tool_choice: optional(toolChoiceSchema),
  parallel_tool_calls: optional(z.boolean()),
  max_output_tokens: optional(tokenLimit),
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().min(0).max(1)),
  top_logprobs: optional(z.number().int().min(0).max(20)),
  include: optional(z.array(z.string()).max(32)),
  reasoning: optional(z.object({ effort: optional(z.string().max(32)), summary: optional(z.string().max(32)) })),
  metadata: optional(
    z
      .record(z.string().max(64), z.string().max(512))
      .refine((pairs) => Object.keys(pairs).length <= 16, 'must have at most 16 pairs'),
  ),
  user: optional(z.string().max(512)),
  truncation: optional(z.enum(['auto', 'disabled'])),
  store: optional(z.boolean()),
  stream: optional(z.boolean()),
  background: optional(z.boolean()),
  previous_response_id: optional(z.string().min(1).max(128)),
  prompt: absent('Stored prompts are not supported'),
  conversation: absent('Conversations are not supported; use previous_response_id'),
});

/** A checked body. */
export type ResponseRequest = z.output<typeof responseRequestSchema>;

/** @throws KtpflowError invalid_value, with the path as `param` */
export function parseResponseRequest(body: unknown): ResponseRequest {
  const parsed = responseRequestSchema.safeParse(body);
  if (!parsed.success) throw requestError(parsed.error.issues);
  const request = parsed.data;
  if (request.background && request.store === false) {
    throw requestError([{ code: 'custom', path: ['background'], message: 'needs store, to be found again' }]);
  }
  return request;
}
