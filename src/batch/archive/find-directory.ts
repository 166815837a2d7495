import type { ReadableRange } from './range-reader.ts';

/** A ZIP as yauzl wants it: its first byte at 0, nothing behind its end. */
export interface PlacedArchive {
  readonly range: ReadableRange;
  /** Bytes in front of the archive: the offsets of its directory count from behind them. */
  readonly shift: number;
}

const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const END_SIGNATURE = Buffer.from('504b0506', 'hex');
const LOCATOR_SIGNATURE = 0x07064b50;
const END64_SIGNATURE = 0x06064b50;
const ENTRY_SIGNATURE = 0x02014b50;
/** The longest comment, and as much again of what a transfer or a block device has put behind the archive. */
const SEARCHED_BYTES = 2 * 65_536;
const COMMENT_LENGTH_BYTES = 2;

/**
 * Finds a ZIP among other bytes, as unzip and Python do: a program in front that unpacks itself, a warning that a web
 * server printed, a line end or zeros behind. The directory lies right before the record that ends it, and what its
 * offset says too little is what stands in front.
 * @returns null: there is no directory that fits
 */
export async function findDirectory(archive: ReadableRange): Promise<PlacedArchive | null> {
  const from = Math.max(0, archive.size - SEARCHED_BYTES);
  const tail = await archive.read(from, archive.size - from);
  for (
    let at = tail.lastIndexOf(END_SIGNATURE);
    at >= 0;
    at = at === 0 ? -1 : tail.lastIndexOf(END_SIGNATURE, at - 1)
  ) {
    if (at + END_BYTES > tail.length) continue;
    const shift = await shiftOf(archive, tail.subarray(at, at + END_BYTES), from + at);
    if (shift !== null) return { range: cutOut(archive, shift, from + at + END_BYTES), shift };
  }
  return null;
}

/** Null: it is no such record, only bytes that begin like one. */
async function shiftOf(archive: ReadableRange, end: Buffer, endAt: number): Promise<number | null> {
  const locator = await archive.read(Math.max(0, endAt - LOCATOR_BYTES), Math.min(endAt, LOCATOR_BYTES));
  const large = locator.length === LOCATOR_BYTES && locator.readUInt32LE(0) === LOCATOR_SIGNATURE;
  const record = large ? await largeEnd(archive, endAt - LOCATOR_BYTES - END64_BYTES, locator) : smallEnd(end, endAt);
  if (record === null) return null;
  const { count, size, offset, directoryEnd } = record;
  const start = directoryEnd - size;
  const shift = start - offset;
  if (start < 0 || shift < 0) return null;
  if (count === 0) return shift;
  const first = await archive.read(start, 4);
  return first.length === 4 && first.readUInt32LE(0) === ENTRY_SIGNATURE ? shift : null;
}

interface EndRecord {
  readonly count: number;
  /** Of the directory, in bytes; its place as the archive has it, and where it really ends. */
  readonly size: number;
  readonly offset: number;
  readonly directoryEnd: number;
}

function smallEnd(end: Buffer, directoryEnd: number): EndRecord {
  return { count: end.readUInt16LE(10), size: end.readUInt32LE(12), offset: end.readUInt32LE(16), directoryEnd };
}

/** The record of ZIP64 lies right before its locator, or, where it has fields of its own, where the locator says. */
async function largeEnd(archive: ReadableRange, usualPlace: number, locator: Buffer): Promise<EndRecord | null> {
  for (const place of [usualPlace, Number(locator.readBigUInt64LE(8))]) {
    if (place < 0 || place > archive.size) continue;
    const record = await archive.read(place, END64_BYTES);
    if (record.length < END64_BYTES || record.readUInt32LE(0) !== END64_SIGNATURE) continue;
    return {
      count: Number(record.readBigUInt64LE(32)),
      size: Number(record.readBigUInt64LE(40)),
      offset: Number(record.readBigUInt64LE(48)),
      directoryEnd: place,
    };
  }
  return null;
}

/** The bytes from `start` to the end of the directory's record, whose last two then say that no comment follows. */
function cutOut(archive: ReadableRange, start: number, end: number): ReadableRange {
  const size = end - start;
  return {
    size,
    async read(from, length) {
      const bytes = Buffer.from(await archive.read(start + from, Math.max(0, Math.min(length, size - from))));
      bytes.fill(0, Math.max(0, Math.min(bytes.length, size - from - COMMENT_LENGTH_BYTES)));
      return bytes;
    },
  };
}
