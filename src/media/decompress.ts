import { pipeline, Readable, type Transform } from 'node:stream';
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
  const encodings = String(contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  // One is what servers use; of several, all but one are none.
  const [encoding, ...others] = encodings.filter((name) => !NO_ENCODING.has(name));
  if (encoding === undefined) return body;
  if (others.length > 0) return null;
  if (encoding === 'deflate') {
    const plain = Readable.from(inflateEither(body), { objectMode: false });
    plain.on('close', () => body.destroy());
    return plain;
  }
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
    case 'br':
      return zlib.createBrotliDecompress();
    case 'zstd':
      return createZstdDecompress?.();
    default:
      return undefined;
  }
}

/** The lower half of the first byte where there is a header of zlib (RFC 1950, 2.2): deflate. */
const ZLIB_METHOD = 8;

/** "deflate" is zlib's format by RFC 9110, 8.4.1.2; some servers send the bare stream of RFC 1951, as browsers know. */
async function* inflateEither(body: Readable): AsyncGenerator<Buffer> {
  const parts: AsyncIterator<Buffer> = body[Symbol.asyncIterator]();
  const first = await parts.next();
  if (first.done) return;
  const isBare = ((first.value[0] ?? ZLIB_METHOD) & 0x0f) !== ZLIB_METHOD;
  const whole = Readable.from(joined(first.value, parts), { objectMode: false });
  // The reader of what comes out hears of the error.
  yield* pipeline(whole, isBare ? zlib.createInflateRaw() : zlib.createInflate(), () => {});
}

async function* joined(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (let part = await rest.next(); !part.done; part = await rest.next()) yield part.value;
}
