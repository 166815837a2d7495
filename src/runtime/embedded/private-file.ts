import { randomUUID } from 'node:crypto';
import { chmod, open, readFile, rename, rm } from 'node:fs/promises';

/** A file that its owner alone may read from now on. @returns null where there is none */
export async function readPrivateFile(path: string): Promise<string | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  await chmod(path, 0o600);
  return text;
}

/**
 * Writes a file that its owner alone may read: whole and flushed, or not at all.
 * @param place puts the finished draft into its place; default: over what may be there
 */
export async function writePrivateFile(
  path: string,
  text: string,
  place: (draft: string, path: string) => Promise<void> = rename,
): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await place(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}
