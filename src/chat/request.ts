import { z } from 'zod';
import { boundedArray } from './bounded-array.ts';
import { messagesSchema } from './messages.ts';
import { asRecord, optional } from './optional.ts';
import type { ChatPart } from './parts.ts';
import { requestError } from './request-error.ts';
import { formatOf, formatOfSchema, type ResponseFormat, responseFormatSchema } from './response-format.ts';
import { constraintsOf, schemasOf, steeringFields, type TextConstraint } from './steering.ts';
import { MOST_TOKENS, tokenLimit } from './token-limit.ts';
import { findImpossibleChoice, toolFields } from './tools.ts';

/**
 * Body of POST /v1/chat/completions, as OpenAI writes it: unknown fields are ignored, null means absent. Messages
 * come out in one form: content is always a list of parts, and every picture or video is a URL (base64 becomes a
 * data URL; its media type is never trusted, the bytes tell).
 */

const MAX_IMAGES = 16;
const MAX_VIDEOS = 1;
const MAX_STOPS = 16;

const stopSchema = z
  .union([z.string(), boundedArray(z.string().nullable(), MAX_STOPS)])
  .transform((stop) => (typeof stop === 'string' ? [stop] : stop).flatMap((text) => text || []));

/** The limit by other names; negative, there: none. */
const otherLimit = optional(z.number().int().min(-2).max(Number.MAX_SAFE_INTEGER));
/** SDKs draw seeds of 64 bits, which a number in JavaScript holds only nearly. */
const seedSchema = z
  .number()
  .min(-(2 ** 63))
  .max(2 ** 63)
  .refine((value) => Number.isInteger(value), 'must be a whole number');

export const SESSION_ID = /^[A-Za-z0-9._-]{1,128}$/;

export const chatRequestSchema = z.object({
  model: z.string().min(1).max(256),
  messages: messagesSchema,
  max_tokens: optional(tokenLimit),
  max_completion_tokens: optional(tokenLimit),
  max_new_tokens: otherLimit.describe('As max_tokens, by the name of TGI and SGLang'),
  max_output_tokens: otherLimit.describe('As max_tokens, by the name of the Responses API'),
  n_predict: otherLimit.describe('As max_tokens, by the name of llama.cpp'),
  num_predict: otherLimit.describe('As max_tokens, by the name of Ollama'),
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().min(0).max(1)),
  // vLLM writes "off" as -1, others as 0.
  top_k: optional(z.number().int().min(-1)),
  stop: optional(stopSchema),
  seed: optional(seedSchema),
  presence_penalty: optional(z.number().min(-2).max(2)),
  frequency_penalty: optional(z.number().min(-2).max(2)),
  repetition_penalty: optional(z.number().positive().max(10)),
  repeat_penalty: optional(z.number().positive().max(10)).describe("llama.cpp's name of repetition_penalty"),
  n: optional(z.literal(1)),
  modalities: optional(boundedArray(z.literal('text', 'answers are text: no other modality is made here'), 8)),
  response_format: optional(responseFormatSchema),
  stream: optional(z.boolean()),
  stream_options: optional(z.object({ include_usage: optional(z.boolean()) })),
  logprobs: optional(z.boolean()),
  top_logprobs: optional(z.number().int().min(0).max(20)),
  ...toolFields,
  ...steeringFields,
  user: optional(z.string().max(512)),
  metadata: optional(
    z
      .record(z.string().max(64), z.string().max(512))
      .refine((pairs) => Object.keys(pairs).length <= 16, 'must have at most 16 pairs'),
  ),
  session_id: optional(z.string().regex(SESSION_ID, 'must be 1-128 of A-Z, a-z, 0-9, ., _ and -')),
});

/** A checked body. */
export type ChatRequest = z.output<typeof chatRequestSchema>;

/**
 * Checks a body. Errors: KtpflowError `empty_messages`, `unsupported_content_part`, `invalid_value` with the path as
 * `param`.
 */
export function parseChatRequest(body: unknown): ChatRequest {
  const parsed = chatRequestSchema.safeParse(withExtraBody(body));
  if (!parsed.success) throw requestError(parsed.error.issues);
  const request = parsed.data;
  const fault = findFault(request);
  if (fault) throw requestError([{ code: 'custom', path: fault.path.split('.'), message: fault.message }]);
  return request;
}

/** Fields that belong into the body, written as users of openai-python and of NVIDIA's NIM (`nvext`) do. */
function withExtraBody(body: unknown): unknown {
  const given = asRecord(body);
  const extra = { ...asRecord(given?.nvext), ...asRecord(given?.extra_body) };
  return given && Object.keys(extra).length > 0 ? { ...extra, ...given } : body;
}

/** What no single field can tell; null: nothing. */
function findFault(request: ChatRequest): { path: string; message: string } | null {
  if (countParts(request, 'image') > MAX_IMAGES) {
    return { path: 'messages', message: `must hold at most ${MAX_IMAGES} images` };
  }
  if (countParts(request, 'video') > MAX_VIDEOS) {
    return { path: 'messages', message: `must hold at most ${MAX_VIDEOS} video` };
  }
  if ((request.top_logprobs ?? 0) > 0 && !request.logprobs) {
    return { path: 'top_logprobs', message: 'needs logprobs to be true' };
  }
  const [, second] = formsOf(request);
  if (second) return { path: second.param, message: 'cannot be combined with another form of the answer' };
  return findImpossibleChoice(request);
}

/** All that a request says of its answer's form; more than one is a mistake. */
function formsOf(request: ChatRequest): { param: string }[] {
  const { response_format: format, structured_outputs: outputs } = request;
  return [
    ...(format && format.type !== 'text' ? [{ param: 'response_format' }] : []),
    ...schemasOf(request),
    ...constraintsOf(request),
    ...(outputs?.json_object ? [{ param: 'structured_outputs.json_object' }] : []),
    ...(request.format === 'json' ? [{ param: 'format' }] : []),
  ];
}

/** The form that the answer must have, by whatever field it was asked for. */
export function responseFormatOf(request: ChatRequest): ResponseFormat {
  const [given] = schemasOf(request);
  if (given) return formatOfSchema(given.schema);
  if (request.structured_outputs?.json_object || request.format === 'json') return { type: 'json_object' };
  return formatOf(request.response_format);
}

/** What the answer may consist of, where that is no JSON. */
export function constraintOf(request: ChatRequest): TextConstraint | undefined {
  return constraintsOf(request)[0];
}

/** How many pictures or videos the messages name. */
export function countParts(request: ChatRequest, type: ChatPart['type']): number {
  let count = 0;
  for (const { content } of request.messages) {
    for (const part of content ?? []) if (part.type === type) count++;
  }
  return count;
}

/** Tokens asked for at most, under either name; undefined: the server's default. */
export function maxTokensOf(request: ChatRequest): number | undefined {
  const { max_new_tokens, max_output_tokens, n_predict, num_predict } = request;
  const other = [max_new_tokens, max_output_tokens, n_predict, num_predict].find((limit) => limit !== undefined);
  const given = request.max_completion_tokens ?? request.max_tokens ?? other;
  return given === undefined || given < 1 ? undefined : Math.min(given, MOST_TOKENS);
}
