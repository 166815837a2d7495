import { Context } from '@temporalio/activity';
import { batchWorkflowId } from '../../contract/batch-workflow.ts';
import { chatBatchWorkflowId } from '../../contract/chat-batch.ts';
import { chatWorkflowId, transcriptWorkflowId } from '../../contract/chat-workflow.ts';
import { extractionWorkflowId } from '../../contract/extraction-workflow.ts';
import { OPEN_BATCH_STATUSES } from '../../storage/batches.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import { OPEN_CHAT_BATCH } from '../../storage/chat-batches.ts';
import { removeUnfinished, unfinishedGenerations } from '../../storage/chat-sessions.ts';
import type { Database } from '../../storage/database.ts';
import { isTemporalNotFound } from '../../temporal-errors.ts';
import { everyPage } from './every-page.ts';

const ABANDONED_AFTER_MS = 5 * 60_000;

/** What Temporal knows of a run. */
export interface KnownRun {
  readonly memo: Readonly<Record<string, unknown>> | undefined;
  /** Whether it goes on. */
  readonly open: boolean;
}

/** The newest run under a workflow id; null: Temporal knows of none. */
export type FindRun = (workflowId: string) => Promise<KnownRun | null>;

/**
 * Removes rows whose start nobody saw through: the process died in between, or Temporal did not answer. Temporal is asked
 * first: what it runs was started all the same, and is marked so. Must be called by an activity. @returns how many
 */
export async function removeUnstarted(
  database: Database,
  blobs: BlobStore,
  now: Date,
  findRun: FindRun = askTemporal,
): Promise<number> {
  const createdAt = { lt: new Date(now.getTime() - ABANDONED_AFTER_MS) };
  const since = { acceptedAt: null, createdAt } as const;

  const extractions = () =>
    everyPage(
      (after, take) =>
        database.extraction.findMany({
          where: { ...since, status: 'queued', batchId: null, id: { gt: after } },
          select: { id: true, blob: true },
          orderBy: { id: 'asc' },
          take,
        }),
      async ({ blob, id }) => {
        if (await findRun(extractionWorkflowId(id))) {
          await database.extraction.updateMany({ where: { id, acceptedAt: null }, data: { acceptedAt: new Date() } });
          return 0;
        }
        // A repeat may have started and accepted it this very moment.
        const { count } = await database.extraction.deleteMany({ where: { id, acceptedAt: null } });
        if (count > 0 && blob !== null) await blobs.delete(blob);
        return count;
      },
    );

  const batches = () =>
    everyPage(
      (after, take) =>
        database.batch.findMany({
          where: { ...since, status: { in: [...OPEN_BATCH_STATUSES] }, id: { gt: after } },
          select: { id: true, blob: true },
          orderBy: { id: 'asc' },
          take,
        }),
      async ({ blob, id }) => {
        if (await findRun(batchWorkflowId(id))) {
          await database.batch.updateMany({ where: { id, acceptedAt: null }, data: { acceptedAt: new Date() } });
          return 0;
        }
        const images = await database.extraction.findMany({
          where: { batchId: id, blob: { not: null } },
          select: { blob: true },
        });
        const { count } = await database.batch.deleteMany({ where: { id, acceptedAt: null } });
        if (count === 0) return 0;
        for (const image of [blob, ...images.map((item) => item.blob)]) if (image !== null) await blobs.delete(image);
        return 1;
      },
    );

  const chatBatches = () =>
    everyPage(
      (after, take) =>
        database.chatBatch.findMany({
          where: { ...since, status: { in: OPEN_CHAT_BATCH }, id: { gt: after } },
          select: { id: true },
          orderBy: { id: 'asc' },
          take,
        }),
      async ({ id }) => {
        if (await findRun(chatBatchWorkflowId(id))) {
          await database.chatBatch.updateMany({ where: { id, acceptedAt: null }, data: { acceptedAt: new Date() } });
          return 0;
        }
        return (await database.chatBatch.deleteMany({ where: { id, acceptedAt: null } })).count;
      },
    );

  const answers = () =>
    everyPage(
      (after, take) => unfinishedGenerations(database, createdAt.lt, after, take),
      async ({ blob, id, sessionHash }) => {
        const run = await findRun(chatWorkflowId(sessionHash));
        if ((run?.memo?.generation as { id?: unknown } | undefined)?.id === id) return 0;
        // An answer that has ended waits for its transcript to be stored, while the session goes on.
        if (await findRun(transcriptWorkflowId(id))) return 0;
        // Its end may have been stored this very moment.
        if (!(await removeUnfinished(database, id))) return 0;
        if (blob !== null) await blobs.delete(blob);
        return 1;
      },
    );

  return (await extractions()) + (await batches()) + (await chatBatches()) + (await answers());
}

/** By the connection of the worker that runs the activity. */
export const askTemporal: FindRun = async (workflowId) => {
  const { client } = Context.current();
  try {
    const { memo, status } = await client.workflow.getHandle(workflowId).describe();
    return { memo, open: status.name === 'RUNNING' };
  } catch (error) {
    if (isTemporalNotFound(error)) return null;
    throw error;
  }
};
