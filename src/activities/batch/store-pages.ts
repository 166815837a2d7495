import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { type ItemRequest, pageName } from '../../batch/item-request.ts';
import type { BlobReference } from '../../contract/blob-reference.ts';
import { requestContext } from '../../encryption/contexts.ts';
import { sealJson } from '../../encryption/keyring.ts';
import { KtpflowError } from '../../errors.ts';
import { type BatchDependencies, type ItemRow, openItemRequest } from './item-images.ts';

/** Hundreds of rows. */
const INSERT_MS = 30_000;

/**
 * Makes items of the pages of a document that was unpacked or fetched: the item itself becomes the first page, the others
 * follow at the end of the batch. All of it or nothing: a repeat finds the first page.
 * @returns where the document is; null when the item was deleted or cancelled meanwhile
 * @throws KtpflowError payload_too_large where the batch would have too many items
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
          WHERE id = ${row.batchId} AND item_count + ${others.length} <= ${maxItems} RETURNING item_count AS items`;
        if (!grown) throw new KtpflowError('payload_too_large', `Batches must not exceed ${maxItems} items.`);
        const first = grown.items - others.length;
        const { tenant, strategy, options, createdAt, expiresAt, acceptedAt, batchId } = item;
        const shared = { tenant, strategy, options: options ?? {}, createdAt, expiresAt, acceptedAt, batchId };
        await transaction.extraction.createMany({
          data: others.map((other, offset) => ({ ...shared, ...other, batchIndex: first + offset })),
        });
        await transaction.batchDocument.create({ data: { blob, batchId: row.batchId } });
        const dataKey = keyring.unwrapDataKey(row.wrappedKey);
        await transaction.extraction.update({
          where: { id: row.id },
          data: { sealedRequest: sealed(row.id, dataKey, 0) },
        });
      },
      { timeout: INSERT_MS },
    );
  } catch (error) {
    await blobs.delete(blob);
    throw error;
  }
  return blob;
}
