import { z } from 'zod';
import { boundedArray } from './bounded-array.ts';
import { toKnownMessages } from './message-forms.ts';
import { optional } from './optional.ts';
import { contentSchema } from './parts.ts';

const MAX_MESSAGES = 4096;
const MAX_CALLS = 256;

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
      tool_calls: optional(boundedArray(toolCallSchema, MAX_CALLS)),
      reasoning: optional(z.string()).describe('What the model thought; reasoning_content is the same.'),
    })
    .refine((message) => message.content !== undefined || (message.tool_calls?.length ?? 0) > 0, {
      path: ['content'],
      message: 'is needed where there are no tool_calls',
    }),
  z.object({ role: z.literal('tool'), content: contentSchema, tool_call_id: z.string() }),
]);

/** A message, checked; an assistant's content may be missing next to tool calls. */
export type ChatMessage = z.output<typeof messageSchema>;

export const messagesSchema = z.preprocess(
  (messages) => (Array.isArray(messages) && messages.length <= MAX_MESSAGES ? toKnownMessages(messages) : messages),
  boundedArray(messageSchema, MAX_MESSAGES, 1),
);
