import { randomBytes } from 'node:crypto';
import { link, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

export interface EncryptionKeyFile {
  /** In the form of the variable ENCRYPTION_KEYS: `id:base64`, comma-separated. */
  readonly keys: string;
  readonly path: string;
  /** It was made just now, and there is no backup of it. */
  readonly created: boolean;
}

/**
 * The keys of the embedded shape, from `home`/keys/encryption-keys (0600, one `id:base64` a line, the first is used
 * for writing). The first start makes one: losing the file loses everything that is stored.
 */
export async function loadOrCreateEncryptionKeys(home: string): Promise<EncryptionKeyFile> {
  const path = join(home, 'keys', 'encryption-keys');
  const existing = await readKeys(path);
  if (existing !== null) return { keys: existing, path, created: false };

  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Fails where a file is, whereas rename(2) would replace keys that another process has made meanwhile.
  await writePrivateFile(path, `k1:${randomBytes(32).toString('base64')}\n`, link);
  await syncFolder(dirname(path));
  const keys = await readKeys(path);
  if (keys === null) throw new Error(`${path} went away while it was made`);
  return { keys, path, created: true };
}

/**
 * Puts a new key in front of those in the file, durably: it writes from the next start on.
 * @returns all keys, in the form of the variable
 */
export async function addEncryptionKey(home: string): Promise<EncryptionKeyFile> {
  const { keys, path } = await loadOrCreateEncryptionKeys(home);
  const old = keys.split(',');
  const taken = new Set(old.map((key) => key.slice(0, key.indexOf(':'))));
  let number = old.length + 1;
  while (taken.has(`k${number}`)) number++;
  const lines = [`k${number}:${randomBytes(32).toString('base64')}`, ...old];
  await writePrivateFile(path, `${lines.join('\n')}\n`);
  await syncFolder(dirname(path));
  return { keys: lines.join(','), path, created: true };
}

async function readKeys(path: string): Promise<string | null> {
  const text = await readPrivateFile(path);
  if (text === null) return null;
  const keys = text.split(/[\s,]+/).filter((key) => key !== '');
  // Never a new key in its place: what the old ones encrypted would be lost silently.
  if (keys.length === 0) throw new Error(`${path} holds no key: put it back from your backup`);
  return keys.join(',');
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
