import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ImageLimits } from '../../batch/inspect-image.ts';
import { type ItemRequest, itemRequestSchema } from '../../batch/item-request.ts';
import type { BlobReference } from '../../contract/blob-reference.ts';
import { requestContext } from '../../encryption/contexts.ts';
import { type Keyring, unsealJson } from '../../encryption/keyring.ts';
import { contentHash } from '../../storage/batches.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import type { Database } from '../../storage/database.ts';

export interface BatchDependencies {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly keyring: Keyring;
  readonly limits: ImageLimits;
  /** Longest fetch of an image_url, in milliseconds. */
  readonly fetchTimeoutMs: number;
  /** true: image_url may point to private addresses. */
  readonly allowPrivateUrls: boolean;
  /** Items that a batch may have. */
  readonly maxItems: number;
  /** How long results are kept once the batch is finished, in milliseconds. */
  readonly retentionMs: number;
}

/** Columns of an item that its image needs. */
export interface ItemRow {
  readonly id: string;
  readonly batchId: string;
  readonly wrappedKey: Uint8Array<ArrayBuffer>;
}

/** What the caller wrote about an item. */
export function openItemRequest(keyring: Keyring, row: ItemRow & { sealedRequest: Uint8Array | null }): ItemRequest {
  const dataKey = keyring.unwrapDataKey(row.wrappedKey);
  const sealed = row.sealedRequest ?? new Uint8Array();
  return itemRequestSchema.parse(unsealJson(dataKey, sealed, requestContext(row.id)));
}

/**
 * Stores the image of an item whose turn has come and names it in its row.
 * @returns null when the item was deleted or cancelled meanwhile
 * @throws KtpflowError storage_unavailable
 */
export async function storeItemImage(
  { database, blobs, keyring }: BatchDependencies,
  row: ItemRow,
  bytes: Buffer,
): Promise<BlobReference | null> {
  const dataKey = keyring.unwrapDataKey(row.wrappedKey);
  const { blob } = await blobs.write(Readable.from([bytes]), { dataKey, wrappedKey: row.wrappedKey });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { count } = await database.extraction.updateMany({
    where: { id: row.id, status: 'queued' },
    data: { blob, contentHash: contentHash(keyring, row.batchId, sha256) },
  });
  if (count > 0) return blob;
  await blobs.delete(blob);
  return null;
}
