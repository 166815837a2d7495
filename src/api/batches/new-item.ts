import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { EntryPlace } from '../../batch/archive/list-entries.ts';
import { checkPages } from '../../batch/inspect-image.ts';
import { type ItemRequest, pageName } from '../../batch/item-request.ts';
import type { BlobReference } from '../../contract/blob-reference.ts';
import type { ExtractionFailure } from '../../contract/extraction-workflow.ts';
import { KtpflowError } from '../../errors.ts';
import type { ReceiveContext } from '../context.ts';
import { discardImage, type RecordKey, storeImage } from '../intake/image-upload.ts';

/** An item as it was handed in, before its row is written. */
export interface NewItem {
  readonly id: string;
  readonly key: RecordKey;
  readonly name: string | null;
  customId: string | null;
  metadata: Record<string, string> | null;
  /** Its image in the blob store; null: it is fetched or unpacked later, or was refused. */
  readonly blob: BlobReference | null;
  /** Hex SHA-256 of the image, where it is here already. */
  readonly sha256: string | null;
  readonly imageUrl: string | null;
  readonly entry: EntryPlace | null;
  /** Of its image: each becomes an item. */
  readonly pages: number;
  /** The page of a document that it is, from 0. */
  readonly page: ItemRequest['page'];
  /** Why it will not be read. */
  readonly refusal: ExtractionFailure | null;
}

/** An item without an image: the caller adds what there is. */
export function newItem(context: Pick<ReceiveContext, 'keyring'>, over: Partial<NewItem>): NewItem {
  return {
    id: `ext_${randomBytes(16).toString('hex')}`,
    key: over.key ?? context.keyring.createDataKey(),
    name: null,
    customId: null,
    metadata: null,
    blob: null,
    sha256: null,
    imageUrl: null,
    entry: null,
    pages: 1,
    page: undefined,
    refusal: null,
    ...over,
  };
}

/**
 * Stores an item's image. What is wrong with the image becomes the item's error, not that of the batch.
 * @param read gives the image's bytes; errors that it throws are the item's too
 * @throws KtpflowError that say nothing of the image, such as storage_unavailable
 */
export async function newItemWithImage(
  context: Omit<ReceiveContext, 'database'>,
  over: Partial<NewItem>,
  read: () => Readable | Buffer,
): Promise<NewItem> {
  const key = context.keyring.createDataKey();
  try {
    const source = read();
    const stored = await storeImage(context, Buffer.isBuffer(source) ? Readable.from(source) : source, key);
    try {
      checkPages(stored.pages);
    } catch (error) {
      await discardImage(context, stored.blob);
      throw error;
    }
    return newItem(context, { ...over, key, ...stored });
  } catch (error) {
    if (!(error instanceof KtpflowError) || error.status >= 500 || error.code === 'malformed_request') throw error;
    return newItem(context, { ...over, key, refusal: { code: error.code, message: error.message } });
  }
}

/**
 * A document's pages in its place, each an item of its own with the labels of the document.
 * @returns the item itself where it has one page
 */
export function pagesOf(context: Pick<ReceiveContext, 'keyring'>, item: NewItem): NewItem[] {
  const { blob, customId, metadata, name, pages } = item;
  if (blob === null || pages < 2) return [item];
  return Array.from({ length: pages }, (_, index) =>
    newItem(context, { customId, metadata, name: pageName(name, index), page: { document: blob, index } }),
  );
}
