import type { Readable } from 'node:stream';
import { StreamEncryptor } from '../encryption/stream-cipher.ts';
import { blobHeader } from './blob-header.ts';

/** A header alone is not worth a turn through the file system or to a server. */
const LEAST_WRITE_BYTES = 16 * 1024;

/**
 * What is stored of a blob, header and encrypted content, as the source gives it; `onBytes` sees the plain ones. No chain of
 * streams: beside the work of a card or an answer's start, each of them cost the API as much as the encryption.
 */
export async function* sealedBlob(
  source: Readable,
  { dataKey, wrappedKey }: { readonly dataKey: Uint8Array; readonly wrappedKey: Uint8Array },
  onBytes: (bytes: Buffer) => void,
): AsyncGenerator<Buffer, void> {
  const encryptor = new StreamEncryptor(dataKey);
  let parts: Uint8Array[] = [blobHeader(wrappedKey)];
  for await (const part of source as AsyncIterable<Uint8Array>) {
    const bytes = Buffer.isBuffer(part) ? part : Buffer.from(part);
    onBytes(bytes);
    parts.push(...encryptor.update(bytes));
    if (bytesIn(parts) < LEAST_WRITE_BYTES) continue;
    yield Buffer.concat(parts);
    parts = [];
  }
  yield Buffer.concat([...parts, ...encryptor.final()]);
}

function bytesIn(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
