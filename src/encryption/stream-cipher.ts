import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Transform } from 'node:stream';
import { SealError } from './keyring.ts';

/**
 * Encryption of streams of any length in chunks, so that an upload is never held in memory and a reader sees no byte
 * that was not authenticated. The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015) with AES-256-GCM:
 * nonce = 7 random bytes, 4 of a counter, 1 that marks the last chunk; a cut or reordered stream does not open.
 *
 * Layout: prefix (7), then chunks of 64 KiB plain text + 16 bytes tag, the last one shorter (possibly empty).
 */
const PREFIX_BYTES = 7;
const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;

function nonceOf(prefix: Uint8Array, counter: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.set(prefix);
  nonce.writeUInt32BE(counter, PREFIX_BYTES);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/** Where plain bytes lie in what {@link StreamEncryptor} made, for readers that want a part of it. */
export const LAYOUT = {
  prefixBytes: PREFIX_BYTES,
  /** Plain and sealed bytes of every chunk but the last one. */
  chunkBytes: CHUNK_BYTES,
  sealedChunkBytes: CHUNK_BYTES + TAG_BYTES,
  tagBytes: TAG_BYTES,
} as const;

/**
 * Opens one chunk by its place. Its content and place are authenticated; that the stream ends where it should is so
 * only once the last chunk was opened.
 * @throws SealError
 */
export function decryptChunk(
  dataKey: Uint8Array,
  prefix: Uint8Array,
  sealed: Uint8Array,
  place: { readonly index: number; readonly last: boolean },
): Buffer {
  if (sealed.length < TAG_BYTES) throw new SealError('the blob was cut');
  const decipher = createDecipheriv('aes-256-gcm', dataKey, nonceOf(prefix, place.index, place.last));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch {
    throw new SealError('the blob does not open with this key');
  }
}

/** Collects bytes and hands out whole chunks, always keeping at least one byte back for the last one. */
class Chunker {
  #parts: Buffer[] = [];
  #length = 0;
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  push(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }

  /** The next chunk if more bytes than one chunk are there. */
  take(): Buffer | undefined {
    if (this.#length <= this.#size) return undefined;
    const all = this.rest();
    this.#parts = [all.subarray(this.#size)];
    this.#length = all.length - this.#size;
    return all.subarray(0, this.#size);
  }

  rest(): Buffer {
    const [only] = this.#parts;
    return this.#parts.length === 1 && only ? only : Buffer.concat(this.#parts, this.#length);
  }
}

/** Encrypts one stream, piece by piece, with a data key of 32 bytes. */
export class StreamEncryptor {
  readonly #dataKey: Uint8Array;
  readonly #prefix = randomBytes(PREFIX_BYTES);
  readonly #chunker = new Chunker(CHUNK_BYTES);
  #counter = 0;
  #started = false;

  constructor(dataKey: Uint8Array) {
    this.#dataKey = dataKey;
  }

  /** @returns what is to be written, in this order; often nothing yet */
  update(bytes: Buffer): Buffer[] {
    this.#chunker.push(bytes);
    const sealed = this.#begin();
    for (let chunk = this.#chunker.take(); chunk; chunk = this.#chunker.take())
      sealed.push(...this.#seal(chunk, false));
    return sealed;
  }

  /** @returns the rest */
  final(): Buffer[] {
    return [...this.#begin(), ...this.#seal(this.#chunker.rest(), true)];
  }

  #begin(): Buffer[] {
    if (this.#started) return [];
    this.#started = true;
    return [this.#prefix];
  }

  #seal(plain: Buffer, last: boolean): Buffer[] {
    const cipher = createCipheriv('aes-256-gcm', this.#dataKey, nonceOf(this.#prefix, this.#counter++, last));
    return [cipher.update(plain), cipher.final(), cipher.getAuthTag()];
  }
}

/** Decrypts what {@link StreamEncryptor} made; fails with {@link SealError} before it passes on a changed byte. */
export function createDecryptor(dataKey: Uint8Array): Transform {
  const chunker = new Chunker(CHUNK_BYTES + TAG_BYTES);
  let prefix: Buffer | undefined;
  let head = Buffer.alloc(0);
  let counter = 0;
  const decrypt = (sealed: Buffer, last: boolean): Buffer => {
    if (!prefix) throw new SealError('the blob was cut');
    return decryptChunk(dataKey, prefix, sealed, { index: counter++, last });
  };
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      try {
        let body = bytes;
        if (!prefix) {
          head = Buffer.concat([head, bytes]);
          if (head.length < PREFIX_BYTES) return done();
          prefix = head.subarray(0, PREFIX_BYTES);
          body = head.subarray(PREFIX_BYTES);
        }
        chunker.push(body);
        for (let chunk = chunker.take(); chunk; chunk = chunker.take()) this.push(decrypt(chunk, false));
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        done(null, decrypt(chunker.rest(), true));
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
