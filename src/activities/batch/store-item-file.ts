import { inspectImage } from '../../batch/inspect-image.ts';
import type { BlobReference } from '../../contract/blob-reference.ts';
import { type BatchDependencies, type ItemRow, storeItemImage } from './item-images.ts';
import { OpenDocuments } from './open-documents.ts';
import { storePages } from './store-pages.ts';

/**
 * Stores the file of an item whose turn has come; of a document with several pages the first, while the others become
 * items.
 * @returns the image, null when the item was deleted or cancelled meanwhile; and whether the batch has grown
 * @throws KtpflowError as inspectImage, payload_too_large, storage_unavailable
 */
export async function storeItemFile(
  dependencies: BatchDependencies,
  row: ItemRow,
  bytes: Buffer,
): Promise<{ readonly blob: BlobReference | null; readonly grown: boolean }> {
  const pages = await inspectImage(bytes, dependencies.limits);
  if (pages < 2) return { blob: await storeItemImage(dependencies, row, bytes), grown: false };
  const document = await storePages(dependencies, row, bytes, pages);
  if (document === null) return { blob: null, grown: false };
  const opened = new OpenDocuments(dependencies.blobs);
  try {
    return { blob: await storeItemImage(dependencies, row, await opened.render(document, 0)), grown: true };
  } finally {
    opened.closeAll();
  }
}
