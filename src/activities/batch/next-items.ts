import { ZodError } from 'zod';
import { readArchiveEntry } from '../../batch/archive/read-entry.ts';
import type { BatchActivities, BatchItem } from '../../contract/batch-activities.ts';
import type { BlobReference } from '../../contract/blob-reference.ts';
import type { ExtractionFailure } from '../../contract/extraction-workflow.ts';
import { MissingKeyError, SealError } from '../../encryption/keyring.ts';
import { isErrorCode, KtpflowError } from '../../errors.ts';
import type { BlobReader, BlobStore } from '../../storage/blobs.ts';
import { heartbeatWhile } from '../heartbeat.ts';
import { type BatchDependencies, type ItemRow, openItemRequest, storeItemImage } from './item-images.ts';
import { OpenDocuments } from './open-documents.ts';
import { storeItemFile } from './store-item-file.ts';

/** Entries unpacked at once: flushing one to the disk takes longer than unpacking it. */
const CONCURRENCY = 4;

interface QueuedRow extends ItemRow {
  readonly batchIndex: number | null;
  readonly attempts: number;
  readonly blob: BlobReference | null;
  readonly sealedRequest: Uint8Array | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

/**
 * Lists the next items without a result, and unpacks those that are entries of an archive: only as many as are about
 * to be read lie on the disk unpacked, whatever the archive holds.
 */
export function createNextBatchItems(dependencies: BatchDependencies): BatchActivities['nextBatchItems'] {
  const { blobs, database } = dependencies;
  return ({ batchId, after, limit }) =>
    heartbeatWhile({ details: after }, async () => {
      const batch = await database.batch.findUnique({ where: { id: batchId }, select: { blob: true, sealed: true } });
      if (!batch) return { items: [], more: false, sealed: true };
      const rows = await database.extraction.findMany({
        where: { batchId, status: 'queued', batchIndex: { gt: after } },
        orderBy: { batchIndex: 'asc' },
        take: limit,
        select: {
          id: true,
          batchIndex: true,
          attempts: true,
          blob: true,
          wrappedKey: true,
          sealedRequest: true,
          errorCode: true,
          errorMessage: true,
        },
      });
      const archive = batch.blob === null ? null : await openArchive(blobs, batch.blob);
      const documents = new OpenDocuments(blobs);
      let grown = false;
      const source: Source = { archive, documents, onGrown: () => (grown = true) };
      try {
        const items: (BatchItem | null)[] = [];
        for (let start = 0; start < rows.length; start += CONCURRENCY) {
          const some = rows.slice(start, start + CONCURRENCY);
          items.push(...(await Promise.all(some.map((row) => prepare(dependencies, source, { ...row, batchId })))));
          documents.closeUnused();
        }
        return {
          items: items.filter((item) => item !== null),
          more: rows.length === limit || grown,
          sealed: batch.sealed,
        };
      } finally {
        documents.closeAll();
        await archive?.close();
      }
    });
}

/** Where the images of items come from whose turn it is. */
interface Source {
  readonly archive: BlobReader | null;
  readonly documents: OpenDocuments;
  readonly onGrown: () => void;
}

async function prepare(
  dependencies: BatchDependencies,
  { archive, documents, onGrown }: Source,
  row: QueuedRow,
): Promise<BatchItem | null> {
  const item = { extractionId: row.id, index: row.batchIndex ?? 0, attempts: row.attempts };
  if (row.blob !== null) return { ...item, blob: row.blob, refusal: null };
  // Refused when it was handed in, and now to be tried again: nothing of it was kept.
  const known = formerRefusal(row);
  try {
    const request = openItemRequest(dependencies.keyring, row);
    if (request.image_url !== null) return { ...item, blob: null, refusal: null };
    if (known) return { ...item, blob: null, refusal: known };
    if (request.page) {
      const bytes = await documents.render(request.page.document, request.page.index);
      const blob = await storeItemImage(dependencies, row, bytes);
      return blob === null ? null : { ...item, blob, refusal: null };
    }
    if (!archive || !request.entry) throw new KtpflowError('not_found', 'The image of the item is gone.');
    const { blob, grown } = await storeItemFile(dependencies, row, await readArchiveEntry(archive, request.entry));
    if (grown) onGrown();
    return blob === null ? null : { ...item, blob, refusal: null };
  } catch (thrown) {
    // One row that nobody can read must not hold up the thousands behind it.
    const error = isDamaged(thrown) ? damaged() : thrown;
    if (!(error instanceof KtpflowError) || error.retryable) throw error;
    return { ...item, blob: null, refusal: { code: error.code, message: error.message } };
  }
}

/** An archive that does not open any more is none: its items say so, and what was unpacked before is read. */
async function openArchive(blobs: BlobStore, blob: BlobReference): Promise<BlobReader | null> {
  try {
    return await blobs.open(blob);
  } catch (error) {
    const isGone = error instanceof KtpflowError && error.code === 'not_found';
    if (isGone || isDamaged(error)) return null;
    throw error;
  }
}

/** Whether what was stored has changed since; a key that an operator left out is another matter. */
function isDamaged(error: unknown): boolean {
  return (error instanceof SealError && !(error instanceof MissingKeyError)) || error instanceof ZodError;
}

function damaged(): KtpflowError {
  return new KtpflowError('storage_damaged', 'What was stored of the item cannot be read any more.');
}

function formerRefusal({ errorCode, errorMessage }: QueuedRow): ExtractionFailure | null {
  if (errorCode === null || !isErrorCode(errorCode)) return null;
  return { code: errorCode, message: errorMessage ?? '' };
}
