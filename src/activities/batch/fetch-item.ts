import type { BatchActivities } from '../../contract/batch-activities.ts';
import { KtpflowError } from '../../errors.ts';
import { fetchGuarded } from '../../media/fetch-guarded.ts';
import { type BatchDependencies, openItemRequest, storeItemImage } from './item-images.ts';
import { OpenDocuments } from './open-documents.ts';
import { storeItemFile } from './store-item-file.ts';

/** Faults of the other side that may have passed by the next attempt. */
const WORTH_A_REPEAT = new Set(['image_fetch_failed', 'deadline_exceeded']);

/** Fetches the image_url of an item, behind the same guard as that of a single extraction. */
export function createFetchBatchItem(dependencies: BatchDependencies): BatchActivities['fetchBatchItem'] {
  const { allowPrivateUrls, database, fetchTimeoutMs, keyring, limits } = dependencies;
  return async ({ extractionId }) => {
    const row = await database.extraction.findFirst({ where: { id: extractionId, status: 'queued' } });
    if (!row || row.batchId === null) throw gone();
    if (row.blob !== null) return row.blob;
    const { image_url, page } = openItemRequest(keyring, { ...row, batchId: row.batchId });
    if (page) {
      // An attempt before has made items of the document's pages.
      const documents = new OpenDocuments(dependencies.blobs);
      try {
        const bytes = await documents.render(page.document, page.index);
        const first = await storeItemImage(dependencies, { ...row, batchId: row.batchId }, bytes);
        if (first === null) throw gone();
        return { blob: first, grown: true };
      } finally {
        documents.closeAll();
      }
    }
    if (image_url === null) throw gone();
    const bytes = await fetch(image_url, {
      maxBytes: limits.maxBytes,
      timeoutMs: fetchTimeoutMs,
      allowPrivate: allowPrivateUrls,
    });
    const { blob, grown } = await storeItemFile(dependencies, { ...row, batchId: row.batchId }, bytes).catch(
      asFetchFailure,
    );
    if (blob === null) throw gone();
    return grown ? { blob, grown } : blob;
  };
}

async function fetch(url: string, options: Parameters<typeof fetchGuarded>[1]): Promise<Buffer> {
  try {
    return (await fetchGuarded(url, options)).bytes;
  } catch (error) {
    if (!(error instanceof KtpflowError) || !WORTH_A_REPEAT.has(error.code)) throw error;
    throw new KtpflowError(error.code, error.message, { retryable: true, cause: error });
  }
}

function asFetchFailure(error: unknown): never {
  if (!(error instanceof KtpflowError) || error.code !== 'invalid_image') throw error;
  throw new KtpflowError('image_fetch_failed', 'What the URL names is not an image.', { cause: error });
}

/** Deleted or cancelled meanwhile: what comes of it is stored nowhere. */
function gone(): KtpflowError {
  return new KtpflowError('not_found', 'The item is gone.');
}
