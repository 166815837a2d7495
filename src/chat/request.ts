import { z } from 'zod';
import { requestError } from './request-error.ts';

/**
 * Body of POST /v1/chat/completions, as OpenAI writes it: unknown fields are ignored, null means absent. Messages
 * come out in one form: content is always a list of parts, and every picture or video is a URL (base64 becomes a
 * data URL; its media type is never trusted, the bytes tell).
 */

/** null and absent are the same. */
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => value ?? undefined, schema.optional());

const MAX_IMAGES = 16;
const MAX_VIDEOS = 1;

const url = z.string().min(1);
const urlOrObject = z
  .union([url, z.object({ url })])
  .transform((value) => (typeof value === 'string' ? value : value.url));

/** A URL of any scheme, or bare base64. */
const urlOrBase64 = url.transform((text) => (/^[a-z][a-z0-9+.-]*:/i.test(text) ? text : asDataUrl(text)));

function asDataUrl(base64: string): string {
  return `data:application/octet-stream;base64,${base64}`;
}

const textPartSchema = z.object({ type: z.literal('text'), text: z.string() });

const imageUrlPartSchema = z
  .object({ type: z.literal('image_url'), image_url: urlOrObject })
  .transform((part) => ({ type: 'image' as const, url: part.image_url }));

const videoUrlPartSchema = z
  .object({ type: z.literal('video_url'), video_url: urlOrObject })
  .transform((part) => ({ type: 'video' as const, url: part.video_url }));

const base64 = z.string().min(1).transform(asDataUrl);

const inputImagePartSchema = z
  .object({
    type: z.literal('input_image'),
    b64_json: optional(base64),
    image: optional(urlOrBase64),
    image_url: optional(urlOrObject),
  })
  .transform((part, context) => {
    const source = part.b64_json ?? part.image ?? part.image_url;
    if (source !== undefined) return { type: 'image' as const, url: source };
    context.addIssue({ code: 'custom', message: 'needs one of b64_json, image and image_url' });
    return z.NEVER;
  });

const inputVideoPartSchema = z
  .object({
    type: z.literal('input_video'),
    b64_json: optional(base64),
    video: optional(urlOrBase64),
    video_url: optional(urlOrObject),
  })
  .transform((part, context) => {
    const source = part.b64_json ?? part.video ?? part.video_url;
    if (source !== undefined) return { type: 'video' as const, url: source };
    context.addIssue({ code: 'custom', message: 'needs one of b64_json, video and video_url' });
    return z.NEVER;
  });

const partSchema = z.discriminatedUnion('type', [
  textPartSchema,
  imageUrlPartSchema,
  inputImagePartSchema,
  videoUrlPartSchema,
  inputVideoPartSchema,
]);

/** A part of a message; `url` is http(s), data or, where the operator allows it, file. */
export type ChatPart = z.output<typeof partSchema>;

const contentSchema = z
  .union([z.string(), z.array(partSchema)])
  .transform((content): ChatPart[] => (typeof content === 'string' ? [{ type: 'text', text: content }] : content));

const name = optional(z.string().max(256));

const toolCallSchema = z.looseObject({
  id: z.string(),
  type: z.literal('function'),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
});

const messageSchema = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer', 'user']), content: contentSchema, name }),
  z
    .object({
      role: z.literal('assistant'),
      content: optional(contentSchema),
      name,
      tool_calls: optional(z.array(toolCallSchema)),
    })
    .refine((message) => message.content !== undefined || (message.tool_calls?.length ?? 0) > 0, {
      path: ['content'],
      message: 'is needed where there are no tool_calls',
    }),
  z.object({ role: z.literal('tool'), content: contentSchema, tool_call_id: z.string() }),
]);

/** A message, checked; an assistant's content may be missing next to tool calls. */
export type ChatMessage = z.output<typeof messageSchema>;

const responseFormatSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({
      name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1-64 of A-Z, a-z, 0-9, _ and -'),
      description: optional(z.string()),
      schema: optional(z.record(z.string(), z.unknown())),
      strict: optional(z.boolean()),
    }),
  }),
]);

const toolSchema = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({ name: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/) }),
});

const toolChoiceSchema = z.union([
  z.enum(['none', 'auto', 'required']),
  z.looseObject({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
]);

const stopSchema = z
  .union([z.string(), z.array(z.string()).max(16)])
  .transform((stop) => (typeof stop === 'string' ? [stop] : stop).filter((text) => text !== ''));

const positiveWhole = z.number().int().min(1).max(1_000_000);

export const SESSION_ID = /^[A-Za-z0-9._-]{1,128}$/;

export const chatRequestSchema = z.object({
  model: z.string().min(1).max(256),
  messages: z.array(messageSchema).min(1),
  max_tokens: optional(positiveWhole),
  max_completion_tokens: optional(positiveWhole),
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().min(0).max(1)),
  // vLLM writes "off" as -1, others as 0.
  top_k: optional(z.number().int().min(-1)),
  stop: optional(stopSchema),
  seed: optional(z.number().int()),
  presence_penalty: optional(z.number().min(-2).max(2)),
  frequency_penalty: optional(z.number().min(-2).max(2)),
  repetition_penalty: optional(z.number().positive().max(10)),
  n: optional(z.literal(1)),
  response_format: optional(responseFormatSchema),
  stream: optional(z.boolean()),
  stream_options: optional(z.object({ include_usage: optional(z.boolean()) })),
  logprobs: optional(z.boolean()),
  top_logprobs: optional(z.number().int().min(0).max(20)),
  tools: optional(z.array(toolSchema).max(128)),
  tool_choice: optional(toolChoiceSchema),
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
  const parsed = chatRequestSchema.safeParse(body);
  if (!parsed.success) throw requestError(parsed.error.issues);
  const request = parsed.data;
  if (countParts(request, 'image') > MAX_IMAGES) {
    throw requestError([{ code: 'custom', path: ['messages'], message: `must hold at most ${MAX_IMAGES} images` }]);
  }
  if (countParts(request, 'video') > MAX_VIDEOS) {
    throw requestError([{ code: 'custom', path: ['messages'], message: `must hold at most ${MAX_VIDEOS} video` }]);
  }
  return request;
}

/** How many pictures or videos the messages name. */
export function countParts(request: ChatRequest, type: ChatPart['type']): number {
  const parts = request.messages.flatMap((message) => message.content ?? []);
  return parts.filter((part) => part.type === type).length;
}

/** Tokens asked for at most, under either name; undefined: the server's default. */
export function maxTokensOf(request: ChatRequest): number | undefined {
  return request.max_completion_tokens ?? request.max_tokens;
}
