import type { ErrorCode } from '../../errors.ts';

/** What the archive's directory says of an entry. */
export interface EntryHeader {
  /** Path with forward slashes, as it stands in the archive. */
  readonly name: string;
  /** Bytes in the archive, and what they unpack to. */
  readonly compressedSize: number;
  readonly size: number;
  readonly encrypted: boolean;
  /** 0 stored, 8 deflated; nothing else is read. */
  readonly method: number;
  /** Unix mode where the archive was made on Unix; 0 else. */
  readonly mode: number;
}

export interface EntryLimits {
  /** Largest entry, unpacked, in bytes. */
  readonly maxEntryBytes: number;
  /** Bytes of all entries together, unpacked. */
  readonly maxTotalBytes: number;
}

export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Pictures are compressed already: what shrinks more than this is no picture but a bomb. */
const MAX_RATIO = 200;
/** Below this many bytes nobody is harmed, and a blank scan may shrink a lot. */
const RATIO_FROM_BYTES = 1024 * 1024;

const FILE_TYPE_MASK = 0o170000;
const SYMBOLIC_LINK = 0o120000;
const FOLDER = 0o040000;
const REGULAR = 0o100000;

/** Folders and what systems put beside the user's files: left out, and only counted. */
export function isJunk({ name, mode }: Pick<EntryHeader, 'name' | 'mode'>): boolean {
  if (climbs(name)) return false;
  if (name.endsWith('/') || (mode & FILE_TYPE_MASK) === FOLDER) return true;
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  return segments.some(
    (segment) => segment.startsWith('.') || segment === '__MACOSX' || segment.toLowerCase() === 'thumbs.db',
  );
}

/**
 * Why an entry is not unpacked, judged by the directory alone; null: it may be. Nothing is ever written under an
 * entry's name, so a climbing one could do no harm here: it is refused because such an archive was made to do harm.
 * @param bytesBefore unpacked bytes of the entries before this one that were not refused
 */
export function refusalOf(entry: EntryHeader, limits: EntryLimits, bytesBefore: number): Refusal | null {
  const type = entry.mode & FILE_TYPE_MASK;
  if (climbs(entry.name)) return refusal('invalid_archive', 'The entry has a path that leads out of the archive.');
  if (type === SYMBOLIC_LINK) return refusal('invalid_archive', 'The entry is a symbolic link.');
  if (type !== 0 && type !== REGULAR) return refusal('invalid_archive', 'The entry is not a file.');
  if (entry.encrypted) return refusal('invalid_archive', 'The entry is encrypted.');
  if (entry.method !== 0 && entry.method !== 8) {
    return refusal('invalid_archive', 'The entry is compressed by a method that is not supported.');
  }
  if (entry.size === 0) return refusal('invalid_image', 'The image is empty.');
  // Deflate adds five bytes to every 64 KiB that it cannot shrink.
  if (entry.compressedSize > entry.size * 1.01 + 1024) return refusal('invalid_archive', 'The entry is damaged.');
  if (entry.size > limits.maxEntryBytes) return refusal('payload_too_large', 'The entry is too large.');
  if (entry.size > RATIO_FROM_BYTES && entry.size > entry.compressedSize * MAX_RATIO) {
    return refusal('payload_too_large', 'The entry unpacks to far more than a picture would.');
  }
  if (bytesBefore + entry.size > limits.maxTotalBytes) {
    return refusal('payload_too_large', 'The archive unpacks to more than is allowed.');
  }
  return null;
}

/** How ZIP, gzip, 7z, RAR, xz and bzip2 archives begin, as hex. */
const ARCHIVE_SIGNATURES = [
  '504b0304',
  '504b0506',
  '504b0708',
  '1f8b',
  '377abcaf271c',
  '52617221',
  'fd377a585a',
  '425a68',
];

export function isArchive(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.subarray(0, 8)).toString('hex');
  return ARCHIVE_SIGNATURES.some((signature) => start.startsWith(signature));
}

function climbs(name: string): boolean {
  return name === '' || name.startsWith('/') || /^[A-Za-z]:/.test(name) || name.split('/').includes('..');
}

function refusal(code: ErrorCode, message: string): Refusal {
  return { code, message };
}
