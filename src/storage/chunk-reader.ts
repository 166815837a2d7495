import { decryptChunk, LAYOUT } from '../encryption/stream-cipher.ts';
import type { BlobReader } from './blobs.ts';

/**
 * Opens the chunks that a range of plain bytes lies in. Keeps the last one: readers of archives come back to the same
 * place with the next field.
 */
export class ChunkReader implements BlobReader {
  readonly size: number;
  readonly close: () => Promise<void>;
  readonly #dataKey: Uint8Array;
  readonly #prefix: Uint8Array;
  readonly #sealedSize: number;
  readonly #lastIndex: number;
  readonly #readSealed: (offset: number, length: number) => Promise<Buffer>;
  #kept: { readonly index: number; readonly plain: Buffer } | undefined;

  /**
   * @param sealedSize bytes of all chunks together
   * @param readSealed reads sealed bytes, counted from the first chunk
   */
  constructor(
    dataKey: Uint8Array,
    prefix: Uint8Array,
    sealedSize: number,
    readSealed: (offset: number, length: number) => Promise<Buffer>,
    close: () => Promise<void>,
  ) {
    const chunks = Math.max(1, Math.ceil(sealedSize / LAYOUT.sealedChunkBytes));
    this.size = sealedSize - chunks * LAYOUT.tagBytes;
    this.close = close;
    this.#dataKey = dataKey;
    this.#prefix = prefix;
    this.#sealedSize = sealedSize;
    this.#lastIndex = chunks - 1;
    this.#readSealed = readSealed;
  }

  async read(start: number, length: number): Promise<Buffer> {
    const end = Math.min(start + length, this.size);
    const parts: Buffer[] = [];
    for (let position = start; position < end; ) {
      const index = Math.floor(position / LAYOUT.chunkBytes);
      const plain = await this.#chunk(index);
      const offset = position - index * LAYOUT.chunkBytes;
      const part = plain.subarray(offset, offset + end - position);
      parts.push(part);
      position += part.length;
    }
    return Buffer.concat(parts);
  }

  async #chunk(index: number): Promise<Buffer> {
    if (this.#kept?.index === index) return this.#kept.plain;
    const offset = index * LAYOUT.sealedChunkBytes;
    const sealed = await this.#readSealed(offset, Math.min(LAYOUT.sealedChunkBytes, this.#sealedSize - offset));
    const plain = decryptChunk(this.#dataKey, this.#prefix, sealed, { index, last: index === this.#lastIndex });
    this.#kept = { index, plain };
    return plain;
  }
}
