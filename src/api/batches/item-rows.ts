import type { ItemRequest } from '../../batch/item-request.ts';
import type { BatchPriority } from '../../contract/batch-workflow.ts';
import { requestContext } from '../../encryption/contexts.ts';
import { sealJson } from '../../encryption/keyring.ts';
import { contentHash } from '../../storage/batches.ts';
import type { Prisma } from '../../storage/generated/client.ts';
import type { ApiContext } from '../context.ts';
import type { ExtractionOptions } from '../extractions/options.ts';
import { type RunOptions, storedOptions } from '../extractions/stored-options.ts';
import type { NewItem } from './new-item.ts';

/** Rows written by one statement. */
export const ROWS_AT_ONCE = 500;

/** What all items of a batch have in common. */
export interface SharedColumns {
  readonly batchId: string;
  readonly tenant: string;
  readonly strategy: string;
  readonly options: Prisma.InputJsonObject;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** The column `options` of a batch and of its items: nothing personal. */
export function storedBatchOptions(
  options: RunOptions & Pick<ExtractionOptions, 'strategy'>,
  webhook: boolean,
  priority: BatchPriority,
) {
  return { strategy: options.strategy, priority, ...storedOptions(options, webhook) };
}

/** Rows of items of a batch. @param firstIndex place of the first of them in the batch */
export function itemRows(
  context: Pick<ApiContext, 'keyring'>,
  shared: SharedColumns,
  items: readonly NewItem[],
  firstIndex: number,
): Prisma.ExtractionCreateManyInput[] {
  return items.map((item, offset) => ({
    ...shared,
    ...itemColumns(context, shared, item),
    batchIndex: firstIndex + offset,
  }));
}

/** The files whose pages are items. */
export function documentsOf(items: readonly NewItem[], batchId: string): Prisma.BatchDocumentCreateManyInput[] {
  return items.flatMap(({ blob, pages }) => (blob !== null && pages > 1 ? [{ blob, batchId }] : []));
}

function itemColumns({ keyring }: Pick<ApiContext, 'keyring'>, { batchId, createdAt }: SharedColumns, item: NewItem) {
  const { blob, customId, entry, id, imageUrl, key, metadata, name, page, refusal, sha256 } = item;
  const request: ItemRequest = {
    reference_id: null,
    metadata,
    name,
    custom_id: customId,
    image_url: imageUrl,
    entry,
    ...(page && { page }),
  };
  return {
    id,
    blob,
    wrappedKey: key.wrappedKey,
    sealedRequest: sealJson(key.dataKey, request, requestContext(id)),
    contentHash: sha256 === null ? null : contentHash(keyring, batchId, sha256),
    // The batch is what is accepted or not.
    acceptedAt: createdAt,
    ...(refusal && {
      status: 'failed',
      attempts: 1,
      errorCode: refusal.code,
      errorMessage: refusal.message,
      finishedAt: createdAt,
    }),
  };
}
