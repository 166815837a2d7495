import type { ReadableRange } from './range-reader.ts';

/** How an entry of a directory begins, and how long it is before its name. */
export const ENTRY_SIGNATURE = 0x02014b50;
export const ENTRY_BYTES = 46;
const FLAGS_AT = 8;
const NAME_LENGTH_AT = 28;
const EXTRA_LENGTH_AT = 30;
const COMMENT_LENGTH_AT = 32;
const ENCRYPTED = 1;
const STRONGLY_ENCRYPTED = 0x40;
const EXTRA_HEADER_BYTES = 4;
/** Says nothing: Android's tools fill space with it. */
const FILLER = 0xd935;
const READ_AHEAD_BYTES = 64 * 1024;

/**
 * The directory of an archive as yauzl reads it, as far as it is asked for. What would be the refusal of all entries
 * for one of them is made whole: strong encryption is encryption, and an extra field that runs over its end is none.
 */
export class MendedDirectory implements ReadableRange {
  readonly size: number;
  readonly #archive: ReadableRange;
  readonly #start: number;
  #bytes = Buffer.alloc(0);
  /** Entries before this place are mended. */
  #mended = 0;

  constructor(archive: ReadableRange, { start, end }: { start: number; end: number }) {
    this.#archive = archive;
    this.#start = start;
    this.size = end - start;
  }

  async read(from: number, length: number): Promise<Buffer> {
    const end = Math.min(this.size, from + length);
    while (this.#mended < end) {
      const next = mendEntry(this.#bytes, this.#mended);
      if (typeof next === 'number') this.#mended = next;
      else if (next === 'more' && this.#bytes.length < this.size) await this.#readOn();
      // What is no entry is handed on as it is.
      else this.#mended = this.size;
    }
    while (this.#bytes.length < end) await this.#readOn();
    return this.#bytes.subarray(from, end);
  }

  /** Twice as much each time, so that a large directory is not copied again and again. */
  async #readOn(): Promise<void> {
    const have = this.#bytes.length;
    const length = Math.min(this.size - have, Math.max(READ_AHEAD_BYTES, have));
    const more = await this.#archive.read(this.#start + have, length);
    if (more.length < length) throw new Error('the archive ends too early');
    this.#bytes = Buffer.concat([this.#bytes, more]);
  }
}

/** Where the next entry begins; more: this one is not there as a whole; none: it is no entry. */
function mendEntry(bytes: Buffer, at: number): number | 'more' | 'none' {
  if (at + ENTRY_BYTES > bytes.length) return 'more';
  if (bytes.readUInt32LE(at) !== ENTRY_SIGNATURE) return 'none';
  const extraAt = at + ENTRY_BYTES + bytes.readUInt16LE(at + NAME_LENGTH_AT);
  const extraEnd = extraAt + bytes.readUInt16LE(at + EXTRA_LENGTH_AT);
  const end = extraEnd + bytes.readUInt16LE(at + COMMENT_LENGTH_AT);
  if (end > bytes.length) return 'more';
  const flags = bytes.readUInt16LE(at + FLAGS_AT);
  if (flags & STRONGLY_ENCRYPTED) bytes.writeUInt16LE((flags & ~STRONGLY_ENCRYPTED) | ENCRYPTED, at + FLAGS_AT);
  mendExtraFields(bytes.subarray(extraAt, extraEnd));
  return end;
}

function mendExtraFields(extra: Buffer): void {
  let at = 0;
  while (at + EXTRA_HEADER_BYTES <= extra.length) {
    const next = at + EXTRA_HEADER_BYTES + extra.readUInt16LE(at + 2);
    if (next > extra.length) {
      extra.writeUInt16LE(FILLER, at);
      extra.writeUInt16LE(extra.length - at - EXTRA_HEADER_BYTES, at + 2);
      return;
    }
    at = next;
  }
}
