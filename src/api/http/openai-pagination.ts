import { z } from 'zod';

/** `after`, `limit` and `order` of the lists that page as OpenAI does: behind the last id that was seen. */
export function openAiPageSchema(options: { id: RegExp; maxLimit: number; defaultLimit: number }) {
  const { defaultLimit, id, maxLimit } = options;
  return z.object({
    after: z.string().regex(id, 'Must be an id of this list.').optional().describe('The last id of the page before.'),
    limit: z
      .string()
      .regex(/^[1-9]\d{0,4}$/, `Must be a whole number from 1 to ${maxLimit}.`)
      .transform(Number)
      .refine((limit) => limit <= maxLimit, `Must be a whole number from 1 to ${maxLimit}.`)
      .default(defaultLimit)
      .describe(`1-${maxLimit}, default ${defaultLimit}.`),
    order: z.enum(['asc', 'desc']).default('desc').describe('By time; default: newest first.'),
  });
}

export interface OpenAiPage {
  readonly after?: string | undefined;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
}

/** Prisma's `where`, `orderBy` and `take` for a page of rows with ordered ids; one more than the page holds. */
export function openAiPageQuery({ after, limit, order }: OpenAiPage) {
  return {
    where: after === undefined ? {} : { id: order === 'desc' ? { lt: after } : { gt: after } },
    orderBy: { id: order },
    take: limit + 1,
  };
}

/** A page out of `limit + 1` objects. */
export function toOpenAiPage<Item extends { readonly id: string }>(items: readonly Item[], limit: number) {
  const data = items.slice(0, limit);
  return {
    object: 'list' as const,
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: items.length > limit,
  };
}

export function openAiPageObjectSchema<Item extends z.ZodType>(item: Item) {
  return z.object({
    object: z.literal('list'),
    data: z.array(item),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  });
}
