import { z } from 'zod';
import { type ItemRequest, itemRequestSchema } from '../../batch/item-request.ts';
import type { ResultRow } from '../../batch/results/result-row.ts';
import { requestContext, resultContext } from '../../encryption/contexts.ts';
import { SealError, unsealJson } from '../../encryption/keyring.ts';
import { isErrorCode, KtpflowError } from '../../errors.ts';
import { ktpResultSchema } from '../../ktp/schema.ts';
import { countFailures } from '../../storage/batches.ts';
import type { Batch, Extraction, Prisma } from '../../storage/generated/client.ts';
import type { ApiContext } from '../context.ts';
import { EXTRACTION_STATUSES, type ExtractionStatus } from '../extractions/job-schema.ts';
import { pageBehind, readCursor } from '../http/pagination.ts';
import type { BatchItemObject, failureSchema } from './batch-schema.ts';
import { isFinalBatch } from './batch-schema.ts';
import { batchProgress } from './progress.ts';

/** Rows opened and written at a time. */
const RESULTS_PAGE = 200;
type ItemsContext = Pick<ApiContext, 'database' | 'keyring' | 'temporal'>;

const statusSchema = z.enum(EXTRACTION_STATUSES);
const NO_READING: ReadonlyMap<string, number> = new Map();

export interface ItemsQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly status?: ExtractionStatus | undefined;
  /** Items to leave out first. */
  readonly offset?: number;
}

/** A page of items in the input's order. @throws KtpflowError invalid_value for a bad cursor */
export async function listItems(
  context: ItemsContext,
  batch: Batch,
  { limit, cursor, offset = 0, status }: ItemsQuery,
) {
  const reading = await readingOf(context, batch);
  const rows = await context.database.extraction.findMany({
    where: { batchId: batch.id, batchIndex: { gt: indexBehind(cursor) }, ...whereStatus(status, reading) },
    orderBy: { batchIndex: 'asc' },
    skip: offset,
    take: limit + 1,
    omit: { sealedResult: true, sealedOthers: true },
  });
  const shown = rows.slice(0, limit);
  const firsts = await firstOfEqual(context, batch.id, shown);
  return {
    ...pageBehind(rows, limit, ({ batchIndex }) => `item ${batchIndex}`),
    data: shown.map((row) => renderItem(context, row, reading, firsts)),
  };
}

/** Why items of a batch have failed, each reason with how many there are; the most frequent first. */
export async function listFailures({ database }: Pick<ItemsContext, 'database'>, batch: Batch) {
  const groups = await countFailures(database, batch.id);
  const data: z.infer<typeof failureSchema>[] = groups.map(({ code, count, message }) => ({
    ...describeError(code, message),
    count,
  }));
  return { object: 'list' as const, data, has_more: false, next_cursor: null };
}

/** How many rows {@link resultRows} gives. */
export function countResultRows({ database }: Pick<ItemsContext, 'database'>, batch: Batch): Promise<number> {
  return database.extraction.count({ where: { batchId: batch.id } });
}

/** Every item with its result, in the input's order, read page by page; items without one yet are among them. */
export async function* resultRows(context: ItemsContext, batch: Batch): AsyncGenerator<ResultRow> {
  const reading = await readingOf(context, batch);
  let after = -1;
  for (;;) {
    const rows = await context.database.extraction.findMany({
      where: { batchId: batch.id, batchIndex: { gt: after } },
      orderBy: { batchIndex: 'asc' },
      take: RESULTS_PAGE,
    });
    for (const row of rows) yield renderResult(context, row, reading);
    if (rows.length < RESULTS_PAGE) return;
    after = rows.at(-1)?.batchIndex ?? after;
  }
}

async function readingOf(context: Pick<ItemsContext, 'temporal'>, batch: Batch): Promise<ReadonlyMap<string, number>> {
  if (isFinalBatch(batch.status)) return NO_READING;
  const progress = await batchProgress(context.temporal, batch.id);
  return progress.workflow === 'open' ? progress.reading : NO_READING;
}

function whereStatus(
  status: ExtractionStatus | undefined,
  reading: ReadonlyMap<string, number>,
): Prisma.ExtractionWhereInput {
  const ids = [...reading.keys()];
  if (status === 'running') return { status: 'queued', id: { in: ids } };
  if (status === 'queued') return { status: 'queued', id: { notIn: ids } };
  return status === undefined ? {} : { status };
}

function indexBehind(cursor: string | undefined): number {
  return cursor === undefined ? -1 : Number(readCursor(cursor, /^item (\d{1,9})$/)[0]);
}

/** The first index of each content that stands on this page. */
async function firstOfEqual(
  context: Pick<ItemsContext, 'database'>,
  batchId: string,
  rows: readonly Pick<Extraction, 'contentHash'>[],
): Promise<Map<string, number>> {
  const hashes = rows.map((row) => row.contentHash).filter((hash) => hash !== null);
  const firsts = await context.database.extraction.groupBy({
    by: ['contentHash'],
    where: { batchId, contentHash: { in: hashes } },
    _min: { batchIndex: true },
  });
  return new Map(firsts.map(({ contentHash, _min }) => [contentHash ?? '', _min.batchIndex ?? 0]));
}

type ListedRow = Omit<Extraction, 'sealedResult' | 'sealedOthers'>;

function renderItem(
  context: ItemsContext,
  row: ListedRow,
  reading: ReadonlyMap<string, number>,
  firsts: ReadonlyMap<string, number>,
): BatchItemObject {
  const { custom_id, metadata, name } = requestOf(context, row);
  const index = row.batchIndex ?? 0;
  const first = row.contentHash === null ? undefined : firsts.get(row.contentHash);
  return {
    index,
    custom_id,
    name,
    status: statusOf(row, reading),
    attempts: row.attempts + (row.status === 'queued' ? (reading.get(row.id) ?? 0) : 0),
    extraction_id: row.id,
    error: errorOf(row),
    duplicate_of: first === undefined || first === index ? null : first,
    metadata,
  };
}

function renderResult(context: ItemsContext, row: Extraction, reading: ReadonlyMap<string, number>): ResultRow {
  const { custom_id, name } = requestOf(context, row);
  const dataKey = context.keyring.unwrapDataKey(row.wrappedKey);
  return {
    index: row.batchIndex ?? 0,
    custom_id,
    name,
    status: statusOf(row, reading),
    result: row.sealedResult
      ? ktpResultSchema.parse(unsealJson(dataKey, row.sealedResult, resultContext(row.id)))
      : null,
    error: row.status === 'failed' ? errorOf(row) : null,
  };
}

/** What the caller wrote about an item; nothing where that does not open any more: the others are there to be read. */
function requestOf({ keyring }: ItemsContext, row: ListedRow): Pick<ItemRequest, 'custom_id' | 'metadata' | 'name'> {
  try {
    const dataKey = keyring.unwrapDataKey(row.wrappedKey);
    return itemRequestSchema.parse(unsealJson(dataKey, row.sealedRequest ?? new Uint8Array(), requestContext(row.id)));
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    return { custom_id: null, metadata: null, name: null };
  }
}

function statusOf(row: ListedRow, reading: ReadonlyMap<string, number>): ExtractionStatus {
  if (row.status !== 'queued') return statusSchema.parse(row.status);
  return reading.has(row.id) ? 'running' : 'queued';
}

/** The last error, also of an item that is being tried again. */
function errorOf({ errorCode, errorMessage }: ListedRow) {
  return errorCode === null ? null : describeError(errorCode, errorMessage);
}

function describeError(errorCode: string, errorMessage: string | null) {
  const code = isErrorCode(errorCode) ? errorCode : 'internal';
  const message = errorMessage ?? 'The item failed.';
  return { code, message, retryable: new KtpflowError(code, message).retryable };
}
