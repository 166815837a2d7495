import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { type ItemRequest, pageName } from '../../batch/item-request.ts';
import type { BlobReference } from '../../contract/blob-reference.ts';
import { requestContext } from '../../encryption/contexts.ts';
import { sealJson } from '../../encryption/keyring.ts';
import { KtpflowError } from '../../errors.ts';
import { OPEN_BATCH_STATUSES } from '../../storage/batches.ts';
import { type BatchDependencies, type ItemRow, openItemRequest } from './item-images.ts';

/** Hundreds of rows. */
const INSERT_MS = 30_000;

/**
 * Makes items of the pages of a document that was unpacked or fetched: the item itself becomes the first page, the others
 * follow at the end of the batch. All of it or nothing, and once: a repeat finds the first page, and an attempt that was
 * given up but goes on stores nothing beside its successor.
 * @returns where the document is; null when the item was deleted or cancelled before
 * @throws KtpflowError payload_too_large where the batch would have too many items; a retryable one where the item or
 *   its batch came to an end meanwhile, or another attempt was faster
 */
export async function storePages(
  dependencies: BatchDependencies,
  row: ItemRow,
  bytes: Buffer,
  pages: number,
): Promise<BlobReference | null> {
  const { blobs, database, keyring, maxItems } = dependencies;
  const item = await database.extraction.findFirst({ where: { id: row.id, status: 'queued' } });
  if (!item) return null;
  const request = openItemRequest(keyring, { ...row, sealedRequest: item.sealedRequest });
  const { blob } = await blobs.write(Readable.from([bytes]), keyring.createDataKey());
  const sealed = (id: string, key: Uint8Array<ArrayBuffer>, index: number) => {
    const { image_url: _, entry: __, ...labels } = request;
    const page: ItemRequest = {
      ...labels,
      name: pageName(request.name, index),
      image_url: null,
      entry: null,
      page: { document: blob, index },
    };
    return sealJson(key, page, requestContext(id));
  };
  const others = Array.from({ length: pages - 1 }, (_, offset) => {
    const id = `ext_${randomBytes(16).toString('hex')}`;
    const key = keyring.createDataKey();
    return { id, wrappedKey: key.wrappedKey, sealedRequest: sealed(id, key.dataKey, offset + 1) };
  });
  try {
    await database.$transaction(
      async (transaction) => {
        const [grown] = await transaction.$queryRaw<{ items: number }[]>`
          UPDATE batches SET item_count = item_count + ${others.length}, changes = changes + 1
          WHERE id = ${row.batchId} AND status = ANY(${[...OPEN_BATCH_STATUSES]}) RETURNING item_count AS items`;
        if (!grown) throw changed();
        if (grown.items > maxItems) {
          throw new KtpflowError('payload_too_large', `Batches must not exceed ${maxItems} items.`);
        }
        const dataKey = keyring.unwrapDataKey(row.wrappedKey);
        const { count } = await transaction.extraction.updateMany({
          where: { id: row.id, status: 'queued', sealedRequest: item.sealedRequest },
          data: { sealedRequest: sealed(row.id, dataKey, 0) },
        });
        if (count === 0) throw changed();
        const first = grown.items - others.length;
        const { tenant, strategy, options, createdAt, expiresAt, acceptedAt, batchId } = item;
        const shared = { tenant, strategy, options: options ?? {}, createdAt, expiresAt, acceptedAt, batchId };
        await transaction.extraction.createMany({
          data: others.map((other, offset) => ({ ...shared, ...other, batchIndex: first + offset })),
        });
        await transaction.batchDocument.create({ data: { blob, batchId: row.batchId } });
      },
      { timeout: INSERT_MS },
    );
  } catch (error) {
    await blobs.delete(blob);
    throw error;
  }
  return blob;
}

function changed(): KtpflowError {
  return new KtpflowError('internal', 'The item has changed meanwhile.', { retryable: true });
}
