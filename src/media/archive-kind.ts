/** What a file is that is no picture, for people. */
const SIGNATURES: readonly (readonly [hex: string, kind: string])[] = [
  ['1f8b', 'a gzip archive (.gz, .tar.gz)'],
  ['377abcaf271c', 'a 7-Zip archive'],
  ['52617221', 'a RAR archive'],
  ['fd377a585a', 'an xz archive'],
  ['425a68', 'a bzip2 archive'],
  ['28b52ffd', 'a Zstandard archive'],
  ['4d534346', 'a cabinet archive (.cab)'],
  ['04224d18', 'an LZ4 archive'],
  ['4c5a4950', 'a lzip archive'],
  ['1f9d', 'a compress archive (.Z)'],
  ['60ea', 'an ARJ archive'],
  ['213c617263683e', 'an ar archive'],
  ['303730373031', 'a cpio archive'],
  ['4d5357494d', 'a WIM archive'],
  ['d0cf11e0a1b11ae1', 'an old Office document (.xls, .doc)'],
];
const ZIP_SIGNATURES = ['504b0304', '504b0506', '504b0708'];
const TAR_MARK_AT = 257;
const TAR_SUM_AT = 148;
const TAR_SUM_END = 156;
const LHA_MARK = /^-l[hz].-$/;

/** Bytes of a file's start that {@link archiveKind} needs. */
export const KIND_BYTES = 512;

/** `a RAR archive`, by the first bytes of a file; null: none that is known. A ZIP is `a ZIP archive`. */
export function archiveKind(start: Uint8Array): string | null {
  const bytes = Buffer.from(start.subarray(0, KIND_BYTES));
  const hex = bytes.toString('hex', 0, 8);
  if (ZIP_SIGNATURES.some((signature) => hex.startsWith(signature))) return 'a ZIP archive';
  if (bytes.toString('latin1', TAR_MARK_AT, TAR_MARK_AT + 5) === 'ustar' || isOldTar(bytes)) return 'a tar archive';
  if (LHA_MARK.test(bytes.toString('latin1', 2, 7))) return 'an LHA archive';
  return SIGNATURES.find(([signature]) => hex.startsWith(signature))?.[1] ?? null;
}

/** The form before POSIX has no mark: its header holds the sum of its bytes, in octal digits. */
function isOldTar(bytes: Buffer): boolean {
  if (bytes.length < KIND_BYTES || bytes[0] === 0) return false;
  const written = /^ *([0-7]{1,7})[ \0]/.exec(bytes.toString('latin1', TAR_SUM_AT, TAR_SUM_END))?.[1];
  const sum = bytes.reduce((total, byte, at) => total + (at >= TAR_SUM_AT && at < TAR_SUM_END ? 0x20 : byte), 0);
  return written !== undefined && Number.parseInt(written, 8) === sum;
}
