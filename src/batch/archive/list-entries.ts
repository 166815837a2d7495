import yauzl from 'yauzl';
import { KtpflowError } from '../../errors.ts';
import { type EntryHeader, type EntryLimits, isJunk, type Refusal, refusalOf } from './entry-rules.ts';
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

const UNIX = 3;
/** Junk is not counted as items, but reading a directory of nothing else must end too. */
const MAX_JUNK_ENTRIES = 100_000;
const MAX_NAME_LENGTH = 1024;

/**
 * Reads an archive's directory: its entries in their order, and how many were left out. Unpacks nothing.
 * @throws KtpflowError invalid_archive when it cannot be opened, holds no file, or more than maxItems
 */
export async function listArchiveEntries(
  archive: ReadableRange,
  limits: ArchiveLimits,
): Promise<{ entries: ArchiveEntry[]; skipped: number }> {
  const entries: ArchiveEntry[] = [];
  let skipped = 0;
  let bytes = 0;
  for await (const entry of directoryOf(archive)) {
    const header = headerOf(entry);
    if (isJunk(header)) {
      if (++skipped > MAX_JUNK_ENTRIES) throw invalid('The archive has too many entries.');
      continue;
    }
    if (entries.length === limits.maxItems) {
      throw invalid(`The archive holds more than ${limits.maxItems} files.`);
    }
    const refusal = refusalOf(header, limits, bytes);
    const { compressedSize, size } = header;
    const offset = entry.relativeOffsetOfLocalHeader;
    const place = { offset, compressedSize, size, deflated: header.method === 8, crc32: entry.crc32 };
    if (!refusal) bytes += size;
    entries.push({ name: header.name.slice(0, MAX_NAME_LENGTH), place: refusal ? null : place, refusal });
  }
  if (entries.length === 0) throw invalid('The archive holds no files.');
  return { entries, skipped };
}

async function* directoryOf(archive: ReadableRange): AsyncGenerator<yauzl.Entry> {
  const reader = new RangeReader(archive);
  try {
    const zip = await yauzl.fromRandomAccessReaderPromise(reader, archive.size, {
      autoClose: false,
      // Names and sizes are judged by our own rules, entry by entry: one bad entry must not fail the others.
      decodeStrings: false,
      validateEntrySizes: false,
    });
    yield* zip.eachEntry();
  } catch (error) {
    if (reader.failure) throw reader.failure;
    if (error instanceof KtpflowError) throw error;
    throw invalid('The archive cannot be opened: it is no ZIP file, or it is damaged.', error);
  }
}

function headerOf(entry: yauzl.Entry): EntryHeader {
  const madeByUnix = entry.versionMadeBy >>> 8 === UNIX;
  return {
    name: yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false),
    compressedSize: entry.compressedSize,
    size: entry.uncompressedSize,
    encrypted: entry.isEncrypted(),
    method: entry.compressionMethod,
    mode: madeByUnix ? entry.externalFileAttributes >>> 16 : 0,
  };
}

function invalid(message: string, cause?: unknown): KtpflowError {
  return new KtpflowError('invalid_archive', message, { param: 'archive', ...(cause === undefined ? {} : { cause }) });
}
