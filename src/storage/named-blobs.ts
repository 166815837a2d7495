import type { BlobReference } from '../contract/blob-reference.ts';
import type { Database } from './database.ts';

/** Those of some blobs that a row names. */
export async function namedBlobs(
  database: Database,
  blobs: readonly BlobReference[],
): Promise<ReadonlySet<BlobReference>> {
  const within = { in: [...blobs] };
  const named = { where: { blob: within }, select: { blob: true } } as const;
  const images = await database.extraction.findMany(named);
  const archives = await database.batch.findMany(named);
  const requests = await database.chatGeneration.findMany(named);
  const conversations = await database.storedResponse.findMany(named);
  const files = await database.storedFile.findMany(named);
  const documents = await database.batchDocument.findMany(named);
  const pictures = await database.review.findMany({ where: { picture: within }, select: { picture: true } });
  const found = [
    ...[...images, ...archives, ...requests, ...conversations, ...files, ...documents].map((row) => row.blob),
    ...pictures.map((row) => row.picture),
  ];
  return new Set(found.filter((blob) => blob !== null));
}
