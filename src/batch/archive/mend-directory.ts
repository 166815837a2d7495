/** A directory as yauzl reads it, and how many entries it has. */
export interface MendedDirectory {
  readonly bytes: Buffer;
  readonly count: number;
}

const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const FLAGS_AT = 8;
const NAME_LENGTH_AT = 28;
const EXTRA_LENGTH_AT = 30;
const COMMENT_LENGTH_AT = 32;
const ENCRYPTED = 1;
const STRONGLY_ENCRYPTED = 0x40;
const EXTRA_HEADER_BYTES = 4;
/** Says nothing: Android's tools fill space with it. */
const FILLER = 0xd935;

/**
 * Makes whole what would be the refusal of all entries for one of them: strong encryption is encryption, and an extra
 * field that runs over its end is none. Entries are counted by themselves, since the record behind them holds 16 bits
 * of their number, and some programs write another one.
 * @param bytes of the directory, which are changed
 * @param claimed how many entries the archive says that it has: what is true where the bytes are no directory
 */
export function mendDirectory(bytes: Buffer, claimed: number): MendedDirectory {
  let count = 0;
  let at = 0;
  while (at + ENTRY_BYTES <= bytes.length && bytes.readUInt32LE(at) === ENTRY_SIGNATURE) {
    const flags = bytes.readUInt16LE(at + FLAGS_AT);
    if (flags & STRONGLY_ENCRYPTED) bytes.writeUInt16LE((flags & ~STRONGLY_ENCRYPTED) | ENCRYPTED, at + FLAGS_AT);
    const extraAt = at + ENTRY_BYTES + bytes.readUInt16LE(at + NAME_LENGTH_AT);
    const extraEnd = extraAt + bytes.readUInt16LE(at + EXTRA_LENGTH_AT);
    const end = extraEnd + bytes.readUInt16LE(at + COMMENT_LENGTH_AT);
    if (end > bytes.length) break;
    mendExtraFields(bytes.subarray(extraAt, extraEnd));
    at = end;
    count++;
  }
  return { bytes, count: at === bytes.length ? count : claimed };
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
