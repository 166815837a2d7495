import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';

export interface ZipPart {
  readonly name: string;
  readonly content: AsyncIterable<string> | Iterable<string>;
}

/** The earliest time that the format knows: the time of making says nothing, and changes every byte. */
const PART_OPTIONS = { mtime: new Date(1980, 0, 1), mode: 0o100644, forceDosTimestamp: true };

/** Writes a ZIP file as it goes, one part after the other, holding no more of it than zlib does. */
export async function* writeZip(parts: readonly ZipPart[]): AsyncGenerator<Buffer> {
  const archive = new ZipFile();
  const output = archive.outputStream as Readable;
  const fail = (error: Error): void => {
    output.destroy(error);
  };
  archive.once('error', fail);
  const sources: Readable[] = [];
  for (const { name, content } of parts) {
    archive.addReadStreamLazy(name, PART_OPTIONS, (opened) => {
      const source = Readable.from(bytesOf(content), { objectMode: false });
      source.once('error', fail);
      sources.push(source);
      opened(null, source);
    });
  }
  archive.end();
  try {
    yield* output as AsyncIterable<Buffer>;
  } finally {
    // A reader that has gone leaves nothing open behind.
    for (const source of sources) source.destroy();
    output.destroy();
  }
}

async function* bytesOf(content: ZipPart['content']): AsyncGenerator<Buffer> {
  for await (const text of content) yield Buffer.from(text);
}
