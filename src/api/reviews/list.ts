import type { z } from 'zod';
import type { Prisma } from '../../storage/generated/client.ts';
import type { ApiContext } from '../context.ts';
import { pageBehind, readCursor } from '../http/pagination.ts';
import { renderListed } from './find-review.ts';
import type { ReviewStatus } from './review-state.ts';
import type { listQuerySchema } from './schemas.ts';

/** Least confidence and id. */
const POSITION = /^(\d(?:\.\d{1,20})?(?:e-\d{1,2})?) ([\w-]{1,128})$/;

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
  return {
    ...pageBehind(rows, limit, ({ extractionId, least }) => `${least} ${extractionId}`),
    data: rows.slice(0, limit).map(renderListed),
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
  const [text, id = ''] = readCursor(cursor, POSITION);
  const least = Number(text);
  return { OR: [{ least: { gt: least } }, { least, extractionId: { gt: id } }] };
}
