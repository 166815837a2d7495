import type { z } from 'zod';
import { KtpflowError } from '../../errors.ts';
import type { Prisma } from '../../storage/generated/client.ts';
import type { ApiContext } from '../context.ts';
import { renderListed } from './find-review.ts';
import type { ReviewStatus } from './review-state.ts';
import type { listQuerySchema } from './schemas.ts';

/** A page of waits, the least sure first. @throws KtpflowError invalid_value for a bad cursor */
export async function listReviews(
  { database }: Pick<ApiContext, 'database'>,
  tenant: string,
  { batch, cursor, field, limit, status }: z.infer<typeof listQuerySchema>,
) {
  const now = new Date();
  const rows = await database.review.findMany({
    where: {
      tenant,
      extraction: { expiresAt: { gt: now } },
      AND: [whereStatus(status, now), behind(cursor)],
      ...(field !== undefined && { fields: { has: field } }),
      ...(batch !== undefined && { batchId: batch }),
    },
    orderBy: [{ least: 'asc' }, { extractionId: 'asc' }],
    take: limit + 1,
  });
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return {
    object: 'list' as const,
    data: shown.map(renderListed),
    has_more: last !== undefined,
    next_cursor: last ? Buffer.from(`${last.least} ${last.extractionId}`).toString('base64url') : null,
  };
}

function whereStatus(status: ReviewStatus | undefined, now: Date): Prisma.ReviewWhereInput {
  switch (status) {
    case undefined:
      return {};
    case 'decided':
      return { outcome: { not: null } };
    case 'claimed':
      return { outcome: null, leaseUntil: { gt: now } };
    case 'open':
      return { outcome: null, OR: [{ leaseUntil: null }, { leaseUntil: { lte: now } }] };
  }
}

function behind(cursor: string | undefined): Prisma.ReviewWhereInput {
  if (cursor === undefined) return {};
  const [text = '', id = ''] = Buffer.from(cursor, 'base64url').toString().split(' ');
  const least = Number(text);
  if (!/^\d(\.\d{1,20})?(e-\d{1,2})?$/.test(text) || !/^[\w-]{1,128}$/.test(id)) {
    throw new KtpflowError('invalid_value', 'The cursor is not valid.', { param: 'cursor' });
  }
  return { OR: [{ least: { gt: least } }, { least, extractionId: { gt: id } }] };
}
