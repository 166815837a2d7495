import { join } from 'node:path';
import { ANONYMOUS } from '../../api/access/caller.ts';
import { createKey, HOME_KEY_ID, keyColumns } from '../../api/access/key-secret.ts';
import type { Scope } from '../../config.ts';
import type { Database } from '../../storage/database.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

const KEY = /^\S{16,512}$/;
const SCOPES: readonly Scope[] = ['extract', 'chat', 'review', 'admin'];

/** Where the command line finds the key: one line. */
export function adminKeyPath(home: string): string {
  return join(home, 'admin-key');
}

/**
 * Puts a key with every scope into `home`/admin-key (0600), and its hash into the database: who may read the home of
 * the embedded shape owns its data anyway, and nobody else becomes admin without a key. It belongs to the tenant of
 * callers without a key, whose work stays within reach once they need one. A file that is there is kept; one that was
 * deleted is replaced, which ends the old key. Only for the owner of the home's database.
 */
export async function ensureAdminKey(home: string, database: Database): Promise<void> {
  const path = adminKeyPath(home);
  const key = (await readKey(path)) ?? (await writeKey(path, createKey()));
  const row = {
    ...keyColumns(key),
    tenant: ANONYMOUS,
    name: 'admin-key in the home',
    scopes: [...SCOPES],
    expiresAt: null,
    revokedAt: null,
  };
  await database.apiKey.upsert({ where: { id: HOME_KEY_ID }, create: { ...row, id: HOME_KEY_ID }, update: row });
}

async function readKey(path: string): Promise<string | null> {
  const key = (await readPrivateFile(path))?.trim() ?? '';
  return KEY.test(key) ? key : null;
}

async function writeKey(path: string, key: string): Promise<string> {
  await writePrivateFile(path, `${key}\n`);
  return key;
}
