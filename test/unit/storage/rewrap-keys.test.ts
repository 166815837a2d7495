import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Keyring } from '../../../src/encryption/keyring.ts';
import { type BlobStore, readBlob } from '../../../src/storage/blobs.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { FileBlobStore } from '../../../src/storage/file-blobs.ts';
import { KEYED_TABLES, rewrapKeys } from '../../../src/storage/rewrap-keys.ts';
import { parseS3Url, S3BlobStore } from '../../../src/storage/s3-blobs.ts';
import { borrowMemoryDatabase, returnMemoryDatabase } from '../../support/memory-database.ts';
import { startS3Server } from '../../support/s3-server.ts';

const OLD = { id: 'k1', secret: randomBytes(32) };
// Of another length: the header changes its size.
const NEW = { id: 'year-2027', secret: randomBytes(32) };
const before = new Keyring([OLD]);
const both = new Keyring([NEW, OLD]);
const after = new Keyring([NEW]);

let pglite: PGlite;
let database: Database;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ktpflow-rewrap-'));
  pglite = await borrowMemoryDatabase();
  database = await openDatabase({ pglite });
}, 60_000);
afterAll(async () => {
  await returnMemoryDatabase(pglite);
  await rm(folder, { recursive: true });
});

async function rewrapsBlobs(open: (keyring: Keyring) => Promise<BlobStore> | BlobStore): Promise<void> {
  const plain = randomBytes(200_000);
  const key = before.createDataKey();
  const { blob } = await (await open(before)).write(Readable.from([plain]), key);
  await expect(readBlob(await open(after), blob)).rejects.toThrow('not in ENCRYPTION_KEYS');
  expect(await (await open(both)).rewrap(blob)).toBe(true);
  expect(await (await open(both)).rewrap(blob)).toBe(false);
  const store = await open(after);
  expect((await readBlob(store, blob)).equals(plain)).toBe(true);
  const reader = await store.open(blob);
  expect((await reader.read(65_530, 20)).equals(plain.subarray(65_530, 65_550))).toBe(true);
  await reader.close();
}

describe('a new master key', () => {
  it('opens the files that the old one closed, once their headers are wrapped again', () =>
    rewrapsBlobs((keyring) => FileBlobStore.open(join(folder, 'blobs'), keyring)));

  it('opens the objects in S3 as well', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    const server = await startS3Server('cards');
    const stores: S3BlobStore[] = [];
    try {
      await rewrapsBlobs((keyring) => {
        const store = new S3BlobStore(parseS3Url('s3://cards'), keyring, server.endpoint);
        stores.push(store);
        return store;
      });
      expect(server.uploads.size).toBe(0);
    } finally {
      for (const store of stores) store.close();
      await server.close();
      vi.unstubAllEnvs();
    }
  });

  it('brings no file back that is erased while it is copied, and takes none that still waits for its row', async () => {
    const write = async (blobs: BlobStore) => {
      const { blob } = await blobs.write(Readable.from(['a request']), before.createDataKey());
      return blob;
    };
    const old = await FileBlobStore.open(join(folder, 'erased'), before);
    const [erased, kept, uploaded] = [await write(old), await write(old), await write(old)];
    const { wrappedKey } = both.createDataKey();
    const at = { createdAt: new Date(), expiresAt: new Date(Date.now() + 86_400_000) };
    for (const blob of [erased, kept]) {
      const file = { id: blob, tenant: 't', purpose: 'batch', bytes: 9n, sealedName: new Uint8Array() };
      await database.storedFile.create({ data: { ...file, ...at, wrappedKey, blob } });
    }
    await sleep(5);
    const store = await FileBlobStore.open(join(folder, 'erased'), both);
    const rewrap = store.rewrap.bind(store);
    vi.spyOn(store, 'rewrap').mockImplementation(async (blob) => {
      // Its row and the file went after the copy was read, and before that took the file's name.
      await database.storedFile.deleteMany({ where: { blob: erased } });
      return rewrap(blob);
    });
    expect(await rewrapKeys(database, store, both)).toMatchObject({ blobs: 3 });
    const left: string[] = [];
    for await (const blob of store.listOlderThan(new Date(Date.now() + 60_000))) left.push(blob);
    expect(left).toEqual([kept, uploaded].sort());
    await database.storedFile.deleteMany();
  });

  it('leaves no table out that holds a data key', async () => {
    const { rows } = await pglite.query<{ table_name: string }>(
      "SELECT table_name FROM information_schema.columns WHERE column_name = 'wrapped_key'",
    );
    expect(rows.map(({ table_name }) => table_name).sort()).toEqual([...KEYED_TABLES].sort());
  });

  it('opens every row, in pages, and what no key opens is counted and kept as it is', async () => {
    const keys = Array.from({ length: 25 }, () => before.createDataKey());
    const lost = new Keyring([{ id: 'lost', secret: randomBytes(32) }]).createDataKey();
    const expiresAt = new Date(Date.now() + 86_400_000);
    const row = (id: string, wrappedKey: Uint8Array<ArrayBuffer>) => {
      return { id, tenant: 't', strategy: 'auto', options: {}, expiresAt, wrappedKey };
    };
    await database.extraction.createMany({
      data: [...keys.map(({ wrappedKey }, index) => row(`ext_${index}`, wrappedKey)), row('lost', lost.wrappedKey)],
    });
    const store = await FileBlobStore.open(join(folder, 'others'), both);
    expect(await rewrapKeys(database, store, both, 10)).toEqual({ rows: 25, blobs: 0, unreadable: 1 });
    expect(await rewrapKeys(database, store, both, 10)).toEqual({ rows: 0, blobs: 0, unreadable: 1 });
    for (const [index, { dataKey }] of keys.entries()) {
      if (index % 8 !== 0) continue;
      const { wrappedKey } = await database.extraction.findUniqueOrThrow({ where: { id: `ext_${index}` } });
      expect(Buffer.from(after.unwrapDataKey(wrappedKey)).equals(dataKey)).toBe(true);
    }
    const kept = await database.extraction.findUniqueOrThrow({ where: { id: 'lost' } });
    expect(Buffer.from(kept.wrappedKey).equals(lost.wrappedKey)).toBe(true);
  });
});
