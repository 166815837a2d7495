import { Readable } from 'node:stream';
import yauzl from 'yauzl';

/** Bytes that can be read from any place, such as an opened blob. */
export interface ReadableRange {
  readonly size: number;
  /** Fewer bytes at the end. */
  read(start: number, length: number): Promise<Buffer>;
}

/** Lets yauzl read from a {@link ReadableRange}. */
export class RangeReader extends yauzl.RandomAccessReader {
  /** The store's own failure, which says nothing of the archive. */
  failure: unknown;
  readonly #source: ReadableRange;

  constructor(source: ReadableRange) {
    super();
    this.#source = source;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#range(start, end));
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.bytes(position, length).then((bytes) => {
      if (bytes.length < length) return callback(new Error('the archive ends too early'));
      bytes.copy(buffer, offset);
      callback(null);
    }, callback);
  }

  override close(callback: (error: Error | null) => void): void {
    callback(null);
  }

  async *#range(start: number, end: number): AsyncGenerator<Buffer> {
    yield await this.bytes(start, end - start);
  }

  /** Fewer bytes at the end. @throws what the store throws, which is kept as the failure */
  async bytes(position: number, length: number): Promise<Buffer> {
    if (position < 0 || position > this.#source.size) throw new Error('the archive names a place outside of itself');
    try {
      return await this.#source.read(position, length);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}
