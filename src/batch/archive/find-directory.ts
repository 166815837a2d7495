import { ENTRY_SIGNATURE, MendedDirectory } from './mend-directory.ts';
import type { ReadableRange } from './range-reader.ts';

/** A ZIP as yauzl wants it: a directory that can be read, and one record of its end behind it. */
export interface PlacedArchive {
  readonly range: ReadableRange;
  /** Bytes in front of the archive: the offsets of its entries count from behind them. */
  readonly shift: number;
  /** Of the directory: where it begins and ends, and how many entries the archive says that it has. */
  readonly start: number;
  readonly end: number;
  readonly claimed: number;
}

const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const END_SIGNATURE = Buffer.from('504b0506', 'hex');
const LOCATOR_SIGNATURE = 0x07064b50;
const END64_SIGNATURE = 0x06064b50;
/** The longest comment, and as much again of what a transfer or a block device has put behind the archive. */
const SEARCHED_BYTES = 2 * 65_536;
/** Zeros behind an archive that are looked through. */
const MOST_ZEROS = 64 * 1024 * 1024;
/** yauzl looks for the end in so many bytes: they should not be the directory's. */
const GAP_BYTES = 65_535 + LOCATOR_BYTES + END_BYTES;
/** More than a directory has: it ends where it ends. */
const ANY_COUNT = 0xffffffff;
/** Where the offset of ZIP64 should be looked up. */
const ELSEWHERE = 0xffffffff;

/**
 * Finds a ZIP among other bytes, as unzip and Python do: a program in front that unpacks itself, a warning that a web
 * server printed, a line end or zeros behind. The directory lies right before the record that ends it, and what its
 * offset says too little is what stands in front.
 * @returns null: there is no directory that fits
 */
export async function findDirectory(archive: ReadableRange): Promise<PlacedArchive | null> {
  const end = Math.min(archive.size, (await endWithoutZeros(archive)) + END_BYTES);
  const from = Math.max(0, end - SEARCHED_BYTES);
  const tail = await archive.read(from, end - from);
  for (
    let at = tail.lastIndexOf(END_SIGNATURE);
    at >= 0;
    at = at === 0 ? -1 : tail.lastIndexOf(END_SIGNATURE, at - 1)
  ) {
    if (at + END_BYTES > tail.length) continue;
    const record = await recordOf(archive, tail.subarray(at, at + END_BYTES), from + at);
    if (record !== null) return place(archive, record);
  }
  return null;
}

/** Where the last byte is that is none of the zeros with which a program has made room: a tape, a download. */
async function endWithoutZeros(archive: ReadableRange): Promise<number> {
  let end = archive.size;
  while (end > 0 && archive.size - end < MOST_ZEROS) {
    const from = Math.max(0, end - SEARCHED_BYTES);
    const last = (await archive.read(from, end - from)).findLastIndex((byte) => byte !== 0);
    if (last >= 0) return from + last + 1;
    end = from;
  }
  return end;
}

/** Null: it is no such record, only bytes that begin like one. */
async function recordOf(archive: ReadableRange, end: Buffer, endAt: number): Promise<EndRecord | null> {
  const locator = await archive.read(Math.max(0, endAt - LOCATOR_BYTES), Math.min(endAt, LOCATOR_BYTES));
  const large = locator.length === LOCATOR_BYTES && locator.readUInt32LE(0) === LOCATOR_SIGNATURE;
  const record = large ? await largeEnd(archive, endAt - LOCATOR_BYTES - END64_BYTES, locator) : smallEnd(end, endAt);
  if (record === null) return null;
  const { offset, start } = record;
  if (start < 0 || start - offset < 0) return null;
  if (start === record.directoryEnd) return record;
  const first = await archive.read(start, 4);
  return first.length === 4 && first.readUInt32LE(0) === ENTRY_SIGNATURE ? record : null;
}

interface EndRecord {
  readonly count: number;
  /** The part of an archive in several files that this one is. */
  readonly disk: number;
  /** Of the directory: its place as the archive has it, and where it really begins and ends. */
  readonly offset: number;
  readonly start: number;
  readonly directoryEnd: number;
}

function smallEnd(end: Buffer, directoryEnd: number): EndRecord {
  const start = directoryEnd - end.readUInt32LE(12);
  const offset = end.readUInt32LE(16);
  return {
    count: end.readUInt16LE(10),
    disk: end.readUInt16LE(4),
    // Info-ZIP forgets the record of ZIP64 where it was told to write one.
    offset: offset === ELSEWHERE ? start : offset,
    start,
    directoryEnd,
  };
}

/** The record of ZIP64 lies right before its locator, or, where it has fields of its own, where the locator says. */
async function largeEnd(archive: ReadableRange, usualPlace: number, locator: Buffer): Promise<EndRecord | null> {
  for (const place of [usualPlace, Number(locator.readBigUInt64LE(8))]) {
    if (place < 0 || place > archive.size) continue;
    const record = await archive.read(place, END64_BYTES);
    if (record.length < END64_BYTES || record.readUInt32LE(0) !== END64_SIGNATURE) continue;
    return {
      count: Number(record.readBigUInt64LE(32)),
      disk: record.readUInt32LE(16),
      offset: Number(record.readBigUInt64LE(48)),
      start: place - Number(record.readBigUInt64LE(40)),
      directoryEnd: place,
    };
  }
  return null;
}

/**
 * The archive with its directory mended, and behind it a record of its end that leaves open how many entries there are:
 * the true one holds 16 bits of their number, and some programs write another one.
 */
function place(archive: ReadableRange, { count, directoryEnd, disk, offset, start }: EndRecord): PlacedArchive {
  const directory = new MendedDirectory(archive, { start, end: directoryEnd });
  const tail = Buffer.concat([Buffer.alloc(GAP_BYTES), endOf({ disk, start, place: directoryEnd + GAP_BYTES })]);
  const parts: readonly (readonly [from: number, part: ReadableRange])[] = [
    [0, { size: start, read: (from, length) => archive.read(from, length) }],
    [start, directory],
    [directoryEnd, { size: tail.length, read: async (from, length) => tail.subarray(from, from + length) }],
  ];
  const range: ReadableRange = {
    size: directoryEnd + tail.length,
    async read(from, length) {
      const read: Buffer[] = [];
      for (const [at, part] of parts) {
        const first = Math.max(0, from - at);
        const last = Math.min(part.size, from + length - at);
        if (first < last) read.push(await part.read(first, last - first));
      }
      return Buffer.concat(read);
    },
  };
  return { range, shift: start - offset, start, end: directoryEnd, claimed: count };
}

/** @param place where the record will lie */
function endOf({ disk, place, start }: { disk: number; place: number; start: number }): Buffer {
  const record = Buffer.alloc(END64_BYTES);
  record.writeUInt32LE(END64_SIGNATURE, 0);
  record.writeUInt32LE(disk, 16);
  record.writeBigUInt64LE(BigInt(ANY_COUNT), 32);
  record.writeBigUInt64LE(BigInt(start), 48);
  const locator = Buffer.alloc(LOCATOR_BYTES);
  locator.writeUInt32LE(LOCATOR_SIGNATURE, 0);
  locator.writeBigUInt64LE(BigInt(place), 8);
  const end = Buffer.alloc(END_BYTES);
  END_SIGNATURE.copy(end);
  return Buffer.concat([record, locator, end]);
}
