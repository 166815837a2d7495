/**
 * What stands in front of a blob's encrypted content, in every store: a magic, the length of the wrapped data key (two
 * bytes, big endian) and the wrapped key.
 */
import { KtpflowError } from '../errors.ts';

const MAGIC = Buffer.from('KTPB1');
const FIXED_BYTES = MAGIC.length + 2;

/** More than any header has: what a reader fetches to be sure of the whole of it. */
export const MAX_HEADER_BYTES = FIXED_BYTES + 1024;

export interface BlobHeader {
  readonly wrappedKey: Uint8Array;
  /** Bytes of the header: the content begins here. */
  readonly length: number;
}

export function blobHeader(wrappedKey: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(wrappedKey.length);
  return Buffer.concat([MAGIC, length, wrappedKey]);
}

/**
 * Reads the header at the beginning of these bytes; undefined: more of them are needed.
 * @throws KtpflowError internal: no blob of ours
 */
export function parseBlobHeader(bytes: Buffer): BlobHeader | undefined {
  if (bytes.length < FIXED_BYTES) return undefined;
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new KtpflowError('internal', 'A stored blob has an unknown format.');
  }
  const length = FIXED_BYTES + bytes.readUInt16BE(MAGIC.length);
  return bytes.length < length ? undefined : { wrappedKey: bytes.subarray(FIXED_BYTES, length), length };
}
