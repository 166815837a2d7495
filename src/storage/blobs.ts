import type { Readable } from 'node:stream';
import type { BlobReference } from '../contract/blob-reference.ts';

/** Reads parts of a blob, for archives: their directory stands at the end. */
export interface BlobReader {
  /** Plain bytes in all. */
  readonly size: number;
  /** The plain bytes of that range; fewer at the end. */
  read(start: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * Encrypted objects, written once. Each carries its own data key, wrapped by the master key, in its header, so that
 * inference can open it without a database and erasing the blob erases that copy of the key.
 * Errors: KtpflowError `not_found` for a blob that is gone, `storage_unavailable` for a full or failing store.
 */
export interface BlobStore {
  /**
   * Streams plain bytes into a new blob. A source that fails leaves nothing behind.
   * @returns its reference and the number of plain bytes
   */
  write(
    source: Readable,
    key: { dataKey: Uint8Array; wrappedKey: Uint8Array },
  ): Promise<{ blob: BlobReference; size: number }>;
  /** Plain bytes; authenticated chunk by chunk. */
  read(blob: BlobReference): Promise<Readable>;
  /** Opens a blob for reads of parts; each part is authenticated by itself. */
  open(blob: BlobReference): Promise<BlobReader>;
  /** The wrapped data key of the blob's header. */
  wrappedKey(blob: BlobReference): Promise<Uint8Array>;
  /**
   * Wraps the data key in the header by the master key that writes now; the content stays as it is. Readers see the one
   * header or the other. @returns whether there was anything to do
   */
  rewrap(blob: BlobReference): Promise<boolean>;
  /** Deleting what is gone is no error. */
  delete(blob: BlobReference): Promise<void>;
  /**
   * References of blobs written before that time, in their order, to find those that no row names. What cannot be read
   * is left out until everything else was given, and then thrown.
   * @param after begins behind that reference, whether or not its blob is still there
   */
  listOlderThan(time: Date, after?: BlobReference): AsyncIterable<BlobReference>;
  /** Throws when nothing can be written or read. */
  check(): Promise<void>;
}

/** The whole blob in memory; only for what has a cap, such as one image. */
export async function readBlob(blobs: BlobStore, blob: BlobReference): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of await blobs.read(blob)) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
