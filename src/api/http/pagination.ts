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

const POSITION = /^(\d{1,15}) ([\w-]{1,128})$/;

/**
 * What a cursor of ours says of the last row of its page.
 * @param form what it has to look like; its groups are answered
 * @throws KtpflowError invalid_value
 */
export function readCursor(cursor: string, form: RegExp): string[] {
  const [, ...groups] = form.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (groups.length === 0) throw new KtpflowError('invalid_value', 'The cursor is not valid.', { param: 'cursor' });
  return groups;
}

/** @throws KtpflowError invalid_value */
export function decodeCursor(cursor: string): Position {
  const [time, id = ''] = readCursor(cursor, POSITION);
  return { createdAt: new Date(Number(time)), id };
}

/** Prisma's `where` for rows behind a cursor, in the order createdAt desc, id desc. */
export function behind(cursor: string | undefined) {
  if (cursor === undefined) return {};
  const { createdAt, id } = decodeCursor(cursor);
  return { OR: [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: id } }] };
}

/** A page out of `limit + 1` rows, newest first. */
export function toPage<Row extends Position, Item>(rows: readonly Row[], limit: number, render: (row: Row) => Item) {
  const position = ({ createdAt, id }: Row) => `${createdAt.getTime()} ${id}`;
  return { ...pageBehind(rows, limit, position), data: rows.slice(0, limit).map(render) };
}

/**
 * A page out of `limit + 1` rows, in any order, but for its data.
 * @param position what its cursor says of a row: see {@link readCursor}
 */
export function pageBehind<Row>(rows: readonly Row[], limit: number, position: (row: Row) => string) {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    object: 'list' as const,
    has_more: last !== undefined,
    next_cursor: last === undefined ? null : Buffer.from(position(last)).toString('base64url'),
  };
}
