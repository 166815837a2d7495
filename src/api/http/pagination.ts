import { z } from 'zod';
import { KtpflowError } from '../../errors.ts';

export const pageQuerySchema = z.object({
  limit: z
    .string()
    .regex(/^([1-9]\d?|100)$/, 'Must be a whole number from 1 to 100.')
    .transform(Number)
    .default(20)
    .describe('1-100, default 20.'),
  cursor: z.string().max(256).optional().describe('`next_cursor` of the page before.'),
});

/** The page of our own lists; the routes of the OpenAI API page as OpenAI does. */
export function pageSchema<Item extends z.ZodType>(item: Item) {
  return z.object({
    object: z.literal('list'),
    data: z.array(item),
    has_more: z.boolean(),
    next_cursor: z.string().nullable(),
  });
}

/** Where a page of rows, newest first, goes on. */
export interface Position {
  readonly createdAt: Date;
  readonly id: string;
}

/** @throws KtpflowError invalid_value */
export function decodeCursor(cursor: string): Position {
  const [time = '', id = ''] = Buffer.from(cursor, 'base64url').toString().split(' ');
  const createdAt = new Date(Number(time));
  if (!/^\d{1,15}$/.test(time) || !/^[\w-]{1,128}$/.test(id) || Number.isNaN(createdAt.getTime())) {
    throw new KtpflowError('invalid_value', 'The cursor is not valid.', { param: 'cursor' });
  }
  return { createdAt, id };
}

/** Prisma's `where` for rows behind a cursor, in the order createdAt desc, id desc. */
export function behind(cursor: string | undefined) {
  if (cursor === undefined) return {};
  const { createdAt, id } = decodeCursor(cursor);
  return { OR: [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: id } }] };
}

/** A page out of `limit + 1` rows. */
export function toPage<Row extends Position, Item>(rows: readonly Row[], limit: number, render: (row: Row) => Item) {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return {
    object: 'list' as const,
    data: shown.map(render),
    has_more: more,
    next_cursor: more ? Buffer.from(`${last.createdAt.getTime()} ${last.id}`).toString('base64url') : null,
  };
}
