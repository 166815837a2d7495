import { z } from 'zod';
import type { Caller } from '../access/caller.ts';
import type { ApiContext } from '../context.ts';
import { behind, pageQuerySchema, toPage } from '../http/pagination.ts';
import { EXTRACTION_STATUSES, type ExtractionJob } from './job-schema.ts';
import { withoutResults } from './render-job.ts';
import { settleJob } from './settle-job.ts';

export const listQuerySchema = pageQuerySchema.extend({
  status: z.enum(EXTRACTION_STATUSES).optional(),
  reference_id: z.string().min(1).max(256).optional(),
});

/**
 * A page of single extractions, newest first, without their results; items of batches are listed with their batch.
 * Whether a queued one runs is Temporal's to tell: with such a filter a page may be short and more may follow.
 */
export async function listExtractions(
  context: Pick<ApiContext, 'database' | 'keyring' | 'logger' | 'temporal'>,
  { tenant }: Caller,
  { cursor, limit, reference_id, status }: z.infer<typeof listQuerySchema>,
) {
  const stored = status === 'running' ? 'queued' : status;
  const rows = await context.database.extraction.findMany({
    where: {
      tenant,
      batchId: null,
      expiresAt: { gt: new Date() },
      ...(stored !== undefined && { status: stored }),
      ...(reference_id !== undefined && {
        referenceHash: context.keyring.hmac('reference id', tenant, reference_id),
      }),
      ...behind(cursor),
    },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: limit + 1,
    omit: { sealedResult: true, sealedOthers: true },
  });
  const jobs = new Map<string, ExtractionJob>();
  await Promise.all(
    rows.slice(0, limit).map(async (row) => {
      const job = await settleJob(context, { ...row, sealedResult: null, sealedOthers: [] });
      if (status === undefined || job.status === status) jobs.set(row.id, withoutResults(job));
    }),
  );
  const page = toPage(rows, limit, (row) => jobs.get(row.id));
  return { ...page, data: page.data.filter((job) => job !== undefined) };
}
