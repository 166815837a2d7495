import yauzl from 'yauzl';
import { KtpflowError } from '../../errors.ts';
import { documentKind } from '../../media/documents/document-kind.ts';
import { sniffImage } from '../../media/image-signature.ts';
import { archiveKind, officeKind } from './document-kind.ts';
import { entryNameOf } from './entry-name.ts';
import { type EntryHeader, type EntryLimits, isJunk, type Refusal, refusalOf } from './entry-rules.ts';
import { findDirectory, type PlacedArchive } from './find-directory.ts';
import { ENTRY_BYTES, ENTRY_SIGNATURE } from './mend-directory.ts';
import { RangeReader, type ReadableRange } from './range-reader.ts';

export interface ArchiveLimits extends EntryLimits {
  /** Entries that become items. */
  readonly maxItems: number;
}

/** Where an entry's bytes lie. */
export interface EntryPlace {
  /** Of the entry's local header. */
  readonly offset: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly deflated: boolean;
  readonly crc32: number;
}

export interface ArchiveEntry {
  readonly name: string;
  /** Null: refused. */
  readonly place: EntryPlace | null;
  readonly refusal: Refusal | null;
}

/** Systems whose entries say a Unix mode: Unix, and macOS. */
const UNIX: ReadonlySet<number> = new Set([3, 19]);
/** How MS-DOS marks a folder, whose name need not end with a slash. */
const DOS_FOLDER = 0x10;
const FOLDER_MODE = 0o040000;
/** Junk is not counted as items, but reading a directory of nothing else must end too. */
const MAX_JUNK_ENTRIES = 100_000;
const MAX_NAME_LENGTH = 1024;
/** Of a file's start, to tell what it is. */
const SNIFFED_BYTES = 4096;
/** Office documents name their parts early. */
const NAMES_LOOKED_AT = 100;

/**
 * Reads an archive's directory: its entries in their order, and how many were left out. Unpacks nothing.
 * @throws KtpflowError invalid_archive when it cannot be opened, holds no file, or more than maxItems
 */
export async function listArchiveEntries(
  archive: ReadableRange,
  limits: ArchiveLimits,
): Promise<{ entries: ArchiveEntry[]; skipped: number }> {
  const entries: ArchiveEntry[] = [];
  const names: string[] = [];
  let skipped = 0;
  let bytes = 0;
  const placed = await findDirectory(archive);
  if (placed === null) throw invalid(`The archive cannot be opened: ${await whatItIs(archive)}`);
  for await (const entry of directoryOf(placed)) {
    const header = headerOf(entry);
    if (names.length < NAMES_LOOKED_AT) names.push(header.name);
    if (isJunk(header)) {
      if (++skipped > MAX_JUNK_ENTRIES) throw invalid('The archive has too many entries.');
      continue;
    }
    if (entries.length === limits.maxItems) {
      throw invalid(`The archive holds more than ${limits.maxItems} files.`);
    }
    const refusal = refusalOf(header, limits, bytes);
    const { compressedSize, size } = header;
    const offset = entry.relativeOffsetOfLocalHeader + placed.shift;
    const place = { offset, compressedSize, size, deflated: header.method === 8, crc32: entry.crc32 };
    if (!refusal) bytes += size;
    entries.push({ name: header.name.slice(0, MAX_NAME_LENGTH), place: refusal ? null : place, refusal });
  }
  const office = officeKind(names);
  if (office !== null) throw invalid(`The file is ${office}, not an archive of images.`);
  if (entries.length === 0) throw invalid('The archive holds no files.');
  return { entries, skipped };
}

/** Names of the first entries, junk too, to tell what a ZIP is; none: it is no ZIP, or a damaged one. */
export async function listFirstNames(archive: ReadableRange): Promise<readonly string[]> {
  const names: string[] = [];
  const placed = await findDirectory(archive);
  if (placed === null) return names;
  try {
    for await (const entry of directoryOf(placed)) {
      names.push(entryNameOf(entry));
      if (names.length === NAMES_LOOKED_AT) break;
    }
  } catch (error) {
    if (!(error instanceof KtpflowError)) throw error;
  }
  return names;
}

/** Why a file without a directory is none of ours, as the end of a sentence. */
async function whatItIs(archive: ReadableRange): Promise<string> {
  if (archive.size === 0) return 'it is empty.';
  const start = await archive.read(0, Math.min(archive.size, SNIFFED_BYTES));
  const kind = archiveKind(start);
  if (kind === 'a ZIP archive') return 'its end is missing. Was it sent whole?';
  if (kind !== null) return `it is ${kind}; only ZIP files are read.`;
  const signature = await sniffImage(start);
  if (signature.kind === 'none' && signature.name) return `it is ${signature.name}; only ZIP files are read.`;
  const isPicture = signature.kind !== 'none' || documentKind(start) !== null;
  return isPicture ? 'it is a picture. Send pictures as "images".' : 'it is no ZIP file, or it is damaged.';
}

async function* directoryOf({ claimed, end, range, start }: PlacedArchive): AsyncGenerator<yauzl.Entry> {
  const reader = new RangeReader(range);
  try {
    const zip = await yauzl.fromRandomAccessReaderPromise(reader, range.size, {
      autoClose: false,
      // Names and sizes are judged by our own rules, entry by entry: one bad entry must not fail the others.
      decodeStrings: false,
      validateEntrySizes: false,
    });
    let at = start;
    let count = 0;
    if (at === end) return;
    for await (const entry of zip.eachEntry()) {
      yield entry;
      at += ENTRY_BYTES + entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength;
      // Behind the last one there may be a signature of all.
      if (at >= end || (++count >= claimed && !(await isEntry(reader, at)))) return;
    }
  } catch (error) {
    if (reader.failure) throw reader.failure;
    if (error instanceof KtpflowError) throw error;
    if (error instanceof Error && error.message.includes('multi-disk')) {
      throw invalid('The archive is split into several files: join them into one ZIP file first.', error);
    }
    throw invalid('The archive cannot be opened: it is damaged.', error);
  }
}

async function isEntry(reader: RangeReader, at: number): Promise<boolean> {
  const start = await reader.bytes(at, 4);
  return start.length === 4 && start.readUInt32LE(0) === ENTRY_SIGNATURE;
}

function headerOf(entry: yauzl.Entry): EntryHeader {
  return {
    name: entryNameOf(entry),
    compressedSize: entry.compressedSize,
    size: entry.uncompressedSize,
    encrypted: entry.isEncrypted(),
    method: entry.compressionMethod,
    mode: modeOf(entry),
  };
}

function modeOf({ externalFileAttributes, uncompressedSize, versionMadeBy }: yauzl.Entry): number {
  if (UNIX.has(versionMadeBy >>> 8)) return externalFileAttributes >>> 16;
  return externalFileAttributes & DOS_FOLDER && uncompressedSize === 0 ? FOLDER_MODE : 0;
}

function invalid(message: string, cause?: unknown): KtpflowError {
  return new KtpflowError('invalid_archive', message, { param: 'archive', ...(cause === undefined ? {} : { cause }) });
}
