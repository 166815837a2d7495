import { Readable } from 'node:stream';
import { crc32, createDeflateRaw } from 'node:zlib';

export interface ZipPart {
  readonly name: string;
  readonly content: AsyncIterable<string> | Iterable<string>;
}

const VERSION = 20;
/** Names in UTF-8; sizes and checksum follow the content, since nobody knows them before. */
const FLAGS = 0x0808;
const DEFLATED = 8;
/** 1980-01-01, the earliest that the format knows: the time of making says nothing, and changes every byte. */
const DATE = 0x0021;

interface WrittenPart {
  readonly name: Buffer;
  readonly offset: number;
  readonly checksum: number;
  readonly size: number;
  readonly packedSize: number;
}

/** Writes a ZIP file as it goes, holding no more of it than zlib does. Parts of up to 4 GB. */
export async function* writeZip(parts: readonly ZipPart[]): AsyncGenerator<Buffer> {
  const written: WrittenPart[] = [];
  let offset = 0;
  for (const { name: text, content } of parts) {
    const name = Buffer.from(text);
    const start = offset;
    const header = localHeader(name);
    offset += header.length;
    yield header;
    let checksum = 0;
    let size = 0;
    const counted = async function* () {
      for await (const piece of content) {
        const bytes = Buffer.from(piece);
        checksum = crc32(bytes, checksum);
        size += bytes.length;
        yield bytes;
      }
    };
    let packedSize = 0;
    for await (const packed of deflated(counted())) {
      packedSize += packed.length;
      yield packed;
    }
    const part = { name, offset: start, checksum, size, packedSize };
    written.push(part);
    const descriptor = dataDescriptor(part);
    offset += packedSize + descriptor.length;
    yield descriptor;
  }
  yield directory(written, offset);
}

async function* deflated(content: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const source = Readable.from(content);
  const deflate = createDeflateRaw();
  source.once('error', (error) => deflate.destroy(error));
  try {
    yield* source.pipe(deflate) as AsyncIterable<Buffer>;
  } finally {
    // A reader that has gone leaves nothing open behind.
    source.destroy();
    deflate.destroy();
  }
}

function localHeader(name: Buffer): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeUInt16LE(FLAGS, 6);
  header.writeUInt16LE(DEFLATED, 8);
  header.writeUInt16LE(DATE, 12);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name]);
}

function dataDescriptor({ checksum, packedSize, size }: WrittenPart): Buffer {
  const descriptor = Buffer.alloc(16);
  descriptor.writeUInt32LE(0x08074b50, 0);
  descriptor.writeUInt32LE(checksum, 4);
  descriptor.writeUInt32LE(packedSize, 8);
  descriptor.writeUInt32LE(size, 12);
  return descriptor;
}

function directory(parts: readonly WrittenPart[], offset: number): Buffer {
  const entries = parts.map(({ name, offset: start, checksum, packedSize, size }) => {
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(VERSION, 4);
    entry.writeUInt16LE(VERSION, 6);
    entry.writeUInt16LE(FLAGS, 8);
    entry.writeUInt16LE(DEFLATED, 10);
    entry.writeUInt16LE(DATE, 14);
    entry.writeUInt32LE(checksum, 16);
    entry.writeUInt32LE(packedSize, 20);
    entry.writeUInt32LE(size, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(start, 42);
    return Buffer.concat([entry, name]);
  });
  const length = entries.reduce((sum, entry) => sum + entry.length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...entries, end]);
}
