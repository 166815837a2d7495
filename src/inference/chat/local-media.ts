import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KtpflowError } from '../../errors.ts';

/**
 * Reads a file that a message names by its path or a file: URL. Only regular files whose real path, all links
 * followed, lies inside of the operator's folder; what lies outside and what does not exist outside look the same.
 * @param root ALLOWED_LOCAL_MEDIA_PATH; undefined: local paths are refused.
 * @throws KtpflowError blocked_url, image_fetch_failed, payload_too_large
 */
export async function readLocalMedia(
  address: string,
  { root, maxBytes }: { root: string | undefined; maxBytes: number },
): Promise<Buffer> {
  if (root === undefined) throw blocked();
  const realRoot = await realpath(root).catch(() => {
    throw blocked();
  });
  const named = resolve(realRoot, localPath(address));
  const fromRoot = isInside(resolve(root), named) ? resolve(realRoot, relative(resolve(root), named)) : named;
  if (!isInside(realRoot, fromRoot)) throw blocked();
  const real = await realpath(fromRoot).catch(() => {
    throw unreadable();
  });
  if (!isInside(realRoot, real)) throw blocked();
  // Not to be led away by a link that is put there just now, nor to wait for the writer of a pipe.
  const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => {
    throw unreadable();
  });
  try {
    const { size } = await file.stat().then((stat) => (stat.isFile() ? stat : Promise.reject(unreadable())));
    if (size > maxBytes) {
      const megabytes = Math.floor(maxBytes / 1024 / 1024);
      throw new KtpflowError('payload_too_large', `The file must not exceed ${megabytes} MB.`);
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function localPath(address: string): string {
  if (!/^file:/i.test(address)) return address;
  try {
    return fileURLToPath(address);
  } catch {
    throw blocked();
  }
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && !isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`);
}

function blocked(): KtpflowError {
  return new KtpflowError('blocked_url', 'Local files are read only from the folder that the operator allows.');
}

function unreadable(): KtpflowError {
  return new KtpflowError('image_fetch_failed', 'The local file cannot be read.');
}
