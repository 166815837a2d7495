import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashKey } from '../../../src/api/access/key-secret.ts';
import { adminKeyPath, ensureAdminKey } from '../../../src/runtime/embedded/admin-key.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { borrowMemoryDatabase, returnMemoryDatabase } from '../../support/memory-database.ts';

let home: string;
let pglite: PGlite;
let database: Database;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'ktpflow-admin-key-'));
  pglite = await borrowMemoryDatabase();
  database = await openDatabase({ pglite });
});
afterAll(async () => {
  await returnMemoryDatabase(pglite);
  await rm(home, { recursive: true });
});

const readKey = async () => (await readFile(adminKeyPath(home), 'utf8')).trim();
const known = async () => (await database.apiKey.findMany()).map(({ hash }) => Buffer.from(hash).toString('hex'));
const hexOf = (key: string) => hashKey(key).toString('hex');

describe('the key in the home', () => {
  it('is one line that only its owner reads, stays the same over starts, and is known by its hash only', async () => {
    await ensureAdminKey(home, database);
    const key = await readKey();
    expect(await readFile(adminKeyPath(home), 'utf8')).toBe(`${key}\n`);
    expect((await stat(adminKeyPath(home))).mode & 0o777).toBe(0o600);
    expect(await known()).toEqual([hexOf(key)]);
    await chmod(adminKeyPath(home), 0o644);
    await ensureAdminKey(home, database);
    expect([await readKey(), await known()]).toEqual([key, [hexOf(key)]]);
    expect((await stat(adminKeyPath(home))).mode & 0o777).toBe(0o600);
    expect(await readdir(home)).toEqual(['admin-key']);
  });

  it('ends when its file is deleted, also where a crash left an empty one', async () => {
    const old = await readKey();
    await rm(adminKeyPath(home));
    await ensureAdminKey(home, database);
    const next = await readKey();
    expect([next === old, await known()]).toEqual([false, [hexOf(next)]]);
    await writeFile(adminKeyPath(home), '');
    await ensureAdminKey(home, database);
    expect(await known()).toEqual([hexOf(await readKey())]);
  });

  it('works in a database that was put back from before it was made', async () => {
    const key = await readKey();
    await database.apiKey.deleteMany();
    await ensureAdminKey(home, database);
    expect([await readKey(), await known()]).toEqual([key, [hexOf(key)]]);
  });
});
