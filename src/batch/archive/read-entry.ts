import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { KtpflowError } from '../../errors.ts';
import type { EntryPlace } from './list-entries.ts';
import type { ReadableRange } from './range-reader.ts';

const LOCAL_HEADER_BYTES = 30;
const LOCAL_HEADER_SIGNATURE = 0x04034b50;

const inflate = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflateRaw);

/**
 * Unpacks one entry into memory; its size was bounded when the directory was read, and no byte more than that is
 * unpacked, whatever its stream says.
 * @throws KtpflowError invalid_archive when the entry is damaged; errors of the store as they are
 */
export async function readArchiveEntry(archive: ReadableRange, place: EntryPlace): Promise<Buffer> {
  const header = await archive.read(place.offset, LOCAL_HEADER_BYTES);
  if (header.length < LOCAL_HEADER_BYTES || header.readUInt32LE(0) !== LOCAL_HEADER_SIGNATURE) throw damaged();
  const start = place.offset + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  const packed = await archive.read(start, place.compressedSize);
  if (packed.length !== place.compressedSize) throw damaged();
  const plain = place.deflated ? await unpack(packed, place.size) : packed;
  if (plain.length !== place.size || crc32(plain) !== place.crc32) throw damaged();
  return plain;
}

async function unpack(packed: Buffer, size: number): Promise<Buffer> {
  try {
    return await inflate(packed, { maxOutputLength: size });
  } catch (cause) {
    throw damaged(cause);
  }
}

function damaged(cause?: unknown): KtpflowError {
  return new KtpflowError('invalid_archive', 'The entry is damaged.', cause === undefined ? {} : { cause });
}
