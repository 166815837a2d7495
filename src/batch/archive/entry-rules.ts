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

/** Compression by its number in the directory (APPNOTE 4.4.5). */
const METHODS: Readonly<Record<number, string>> = {
  1: 'Shrink',
  6: 'Implode',
  9: 'Deflate64',
  12: 'BZip2',
  14: 'LZMA',
  93: 'Zstandard',
  95: 'XZ',
  98: 'PPMd',
  99: 'AES',
};

const FILE_TYPE_MASK = 0o170000;
const SYMBOLIC_LINK = 0o120000;
const FOLDER = 0o040000;
const REGULAR = 0o100000;
/** What `zip - -` and `zip -FI` read from a pipe is in the archive like any file. */
const PIPE = 0o010000;

/** What systems and programs put beside the user's files, in lower case. */
const JUNK_NAMES = new Set([
  '__macosx',
  'thumbs.db',
  'ehthumbs.db',
  'ehthumbs_vista.db',
  'desktop.ini',
  'icon\r',
  '$recycle.bin',
  'recycler',
  'system volume information',
  'lost+found',
  'network trash folder',
  'temporary items',
  'picasa.ini',
  'zbthumbnail.info',
  'ws_ftp.log',
  // Network storage: thumbnails and bins of Synology and QNAP.
  '@eadir',
  '@__thumb',
  '#recycle',
  '@recycle',
  '@tmp',
  '#snapshot',
  '@recently-snapshot',
  '@synoresource',
]);
/** Lock files of Office, what a browser or a copy has not finished, an editor's copy, what Windows keeps behind a name. */
const JUNK_FORM =
  /^(\.|~\$)|.~$|\.(part|partial|filepart|crdownload|opdownload|download|tmp|swp|lnk|url)$|(^|:)zone\.identifier$|:encryptable$/i;

/** Folders and what systems put beside the user's files: left out, and only counted. */
export function isJunk({ name, mode }: Pick<EntryHeader, 'name' | 'mode'>): boolean {
  if (climbs(name)) return false;
  if (name.endsWith('/') || (mode & FILE_TYPE_MASK) === FOLDER) return true;
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  return segments.some((segment) => JUNK_NAMES.has(segment.toLowerCase()) || JUNK_FORM.test(segment));
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
  if (type !== 0 && type !== REGULAR && type !== PIPE) return refusal('invalid_archive', 'The entry is not a file.');
  if (entry.encrypted) return refusal('invalid_archive', 'The entry is encrypted.');
  if (entry.method !== 0 && entry.method !== 8) {
    const method = METHODS[entry.method] ?? `method ${entry.method}`;
    return refusal('invalid_archive', `The entry is compressed by ${method}; only Deflate is read.`);
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

function climbs(name: string): boolean {
  return name === '' || name.startsWith('/') || /^[A-Za-z]:\//.test(name) || name.split('/').includes('..');
}

function refusal(code: ErrorCode, message: string): Refusal {
  return { code, message };
}
