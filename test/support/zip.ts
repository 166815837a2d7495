import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  readonly name: string;
  /** The name's bytes where they are not UTF-8. */
  readonly nameBytes?: Uint8Array;
  /** Without bit 11, which says that the name is UTF-8. */
  readonly withoutFlag?: boolean;
  readonly data?: Uint8Array;
  readonly stored?: boolean;
  /** Unix mode, for links and folders. */
  readonly mode?: number;
  readonly encrypted?: boolean;
  readonly method?: number;
  /** What the directory claims instead of the truth. */
  readonly claimedSize?: number;
  readonly claimedCompressedSize?: number;
  readonly claimedCrc?: number;
  readonly claimedOffset?: number;
  /** Bits of the general purpose flag besides. */
  readonly flags?: number;
  /** The system that made the entry, and its attributes there, instead of a Unix mode. */
  readonly madeBy?: { readonly system: number; readonly attributes: number };
  /** Extra fields in the directory. */
  readonly extra?: Uint8Array;
}

/** Writes a ZIP file byte by byte, so that tests can make ones which no tool would. */
export function makeZip(entries: readonly ZipEntry[], { zip64 = false } = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const plain = entry.data ?? Buffer.alloc(0);
    const body = entry.stored ? Buffer.from(plain) : deflateRawSync(plain);
    const name = Buffer.from(entry.nameBytes ?? Buffer.from(entry.name));
    const flags = (entry.withoutFlag ? 0 : 0x800) | (entry.encrypted ? 1 : 0) | (entry.flags ?? 0);
    const method = entry.method ?? (entry.stored ? 0 : 8);
    const crc = entry.claimedCrc ?? crc32(plain);
    const size = entry.claimedSize ?? plain.length;
    const compressedSize = entry.claimedCompressedSize ?? body.length;

    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(zip64 ? 45 : 20, 4);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(crc, 14);
    local.writeUInt32LE(compressedSize, 18);
    local.writeUInt32LE(size, 22);
    local.writeUInt16LE(name.length, 26);

    const extra = zip64
      ? zip64Extra(size, compressedSize, entry.claimedOffset ?? offset)
      : Buffer.from(entry.extra ?? []);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(((entry.madeBy?.system ?? 3) << 8) | 45, 4);
    central.writeUInt16LE(zip64 ? 45 : 20, 6);
    central.writeUInt16LE(flags, 8);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(crc, 16);
    central.writeUInt32LE(zip64 ? 0xffffffff : compressedSize, 20);
    central.writeUInt32LE(zip64 ? 0xffffffff : size, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt16LE(extra.length, 30);
    central.writeUInt32LE(entry.madeBy?.attributes ?? ((entry.mode ?? 0o100644) << 16) >>> 0, 38);
    central.writeUInt32LE(zip64 ? 0xffffffff : (entry.claimedOffset ?? offset), 42);
    directory.push(central, name, extra);
    parts.push(local, name, body);
    offset += local.length + name.length + body.length;
  }
  const directoryBytes = Buffer.concat(directory);
  const tail = endOfDirectory(entries.length, directoryBytes.length, offset, zip64);
  return Buffer.concat([...parts, directoryBytes, tail]);
}

function zip64Extra(size: number, compressedSize: number, offset: number): Buffer {
  const extra = Buffer.alloc(28);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(24, 2);
  extra.writeBigUInt64LE(BigInt(size), 4);
  extra.writeBigUInt64LE(BigInt(compressedSize), 12);
  extra.writeBigUInt64LE(BigInt(offset), 20);
  return extra;
}

function endOfDirectory(count: number, length: number, offset: number, zip64: boolean): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(zip64 ? 0xffff : count, 8);
  end.writeUInt16LE(zip64 ? 0xffff : count, 10);
  end.writeUInt32LE(zip64 ? 0xffffffff : length, 12);
  end.writeUInt32LE(zip64 ? 0xffffffff : offset, 16);
  if (!zip64) return end;
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(45, 12);
  record.writeUInt16LE(45, 14);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(length), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(offset + length), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator, end]);
}
