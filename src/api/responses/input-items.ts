import { z } from 'zod';
import { KtpflowError } from '../../errors.ts';
import type { Conversation } from './stored-response.ts';

export const inputItemsQuerySchema = z.object({
  limit: z
    .string()
    .regex(/^([1-9]\d?|100)$/, 'Must be a whole number from 1 to 100.')
    .transform(Number)
    .default(20),
  order: z.enum(['asc', 'desc']).default('desc'),
  after: z.string().max(256).optional(),
});

/** The request's items, each with an id, as OpenAI pages them. */
export function inputItemsPage(
  { input }: Pick<Conversation, 'input'>,
  responseId: string,
  { after, limit, order }: z.output<typeof inputItemsQuerySchema>,
) {
  const named = namedInput({ input }, responseId);
  if (order === 'desc') named.reverse();
  const start = after === undefined ? 0 : named.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) {
    throw new KtpflowError('invalid_value', 'There is no such item.', { param: 'after' });
  }
  const data = named.slice(start, start + limit);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + limit < named.length,
  };
}

/** What was put in, each item with an id. */
export function namedInput({ input }: Pick<Conversation, 'input'>, responseId: string) {
  const items = typeof input === 'string' ? [messageOf(input)] : input.map(asItem);
  return items.map((item, index) => ({ ...item, id: `in_${responseId.replace(/^resp_/, '')}${index}` }));
}

function messageOf(text: string): Readonly<Record<string, unknown>> {
  return { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
}

function asItem(item: unknown): Readonly<Record<string, unknown>> {
  const given = item as Readonly<Record<string, unknown>>;
  const content = typeof given.content === 'string' ? [{ type: 'input_text', text: given.content }] : given.content;
  return { type: 'message', ...given, ...(content !== undefined && { content }) };
}
