import type { Readable, Transform } from 'node:stream';
import * as zlib from 'node:zlib';

/** Zstandard came with Node 22.15. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };

/** `identity`, and what servers write there that is no compression. */
const NO_ENCODING: ReadonlySet<string> = new Set([
  ...['', 'identity', 'none', 'utf-8', 'utf8', 'chunked', 'aws-chunked', 'binary', '8bit'],
]);

/**
 * The body of an answer as it was before the server compressed it, also where it was asked not to.
 * @param contentEncoding the header of that name (RFC 9110, 8.4)
 * @returns null where it is compressed in a way that this Node does not know
 */
export function decompress(body: Readable, contentEncoding: string | readonly string[] | undefined): Readable | null {
  const encoding = String(contentEncoding ?? '')
    .trim()
    .toLowerCase();
  if (NO_ENCODING.has(encoding)) return body;
  const decoder = decoderOf(encoding);
  if (!decoder) return null;
  // The error of one is the other's.
  body.on('error', (error) => decoder.destroy(error));
  decoder.on('close', () => body.destroy());
  return body.pipe(decoder);
}

function decoderOf(encoding: string): Transform | undefined {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip();
    case 'deflate':
      return zlib.createInflate();
    case 'br':
      return zlib.createBrotliDecompress();
    case 'zstd':
      return createZstdDecompress?.();
    default:
      return undefined;
  }
}
