import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNextBatchItems } from '../../src/activities/batch/next-items.ts';
import { listItems, resultRows } from '../../src/api/batches/items.ts';
import type { NextBatchItemsOutput } from '../../src/contract/batch-activities.ts';
import { Keyring } from '../../src/encryption/keyring.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { FileBlobStore } from '../../src/storage/file-blobs.ts';
import { insertBatch, itemsOf } from '../support/batches.ts';
import { borrowMemoryDatabase, returnMemoryDatabase } from '../support/memory-database.ts';

const keyring = new Keyring([{ id: 'test', secret: Buffer.alloc(32, 7) }]);
const folder = mkdtempSync(join(tmpdir(), 'ktpflow-damaged-'));
let pglite: PGlite;
let database: Database;
let blobs: FileBlobStore;

beforeAll(async () => {
  pglite = await borrowMemoryDatabase();
  database = await openDatabase({ pglite });
  blobs = await FileBlobStore.open(folder, keyring);
});
afterAll(async () => {
  await returnMemoryDatabase(pglite);
  rmSync(folder, { recursive: true });
});

const list = (batchId: string, keys = keyring): Promise<NextBatchItemsOutput> =>
  new MockActivityEnvironment().run(
    createNextBatchItems({
      database,
      blobs,
      keyring: keys,
      limits: { maxBytes: 1_000_000, maxMegapixels: 10 },
      fetchTimeoutMs: 1_000,
      allowPrivateUrls: false,
      maxItems: 100,
      retentionMs: 86_400_000,
    }),
    { batchId, after: -1, limit: 64 },
  );
const entry = { entry: { offset: 0, compressedSize: 10, size: 10, crc32: 1, deflated: false } };
const refusals = ({ items }: NextBatchItemsOutput) => items.map(({ blob, refusal }) => refusal?.code ?? blob !== null);

describe('an item whose row cannot be read', () => {
  it('fails by itself, and does not hold up the others of its batch', async () => {
    const id = await insertBatch({ blobs, database, keyring }, [
      'first',
      { image_url: 'https://a.example/1' },
      'third',
    ]);
    const [, second] = await itemsOf({ database } as never, id);
    const damaged = { sealedRequest: Buffer.alloc(60, 1) };
    await database.extraction.update({ where: { id: second?.id ?? '' }, data: damaged });
    expect(refusals(await list(id))).toEqual([true, 'storage_damaged', true]);
    // Its batch can still be looked at.
    const temporal = {} as Client;
    const batch = await database.batch.update({ where: { id }, data: { status: 'completed' } });
    const page = await listItems({ database, keyring, temporal }, batch, { limit: 10 });
    expect(page.data.map(({ index }) => index)).toEqual([0, 1, 2]);
    const rows = [];
    for await (const row of resultRows({ database, keyring, temporal }, batch)) rows.push(row.index);
    expect(rows).toEqual([0, 1, 2]);
  });

  it('waits for a key that an operator has left out', async () => {
    const id = await insertBatch({ blobs, database, keyring }, [{ image_url: 'https://a.example/1' }]);
    const other = new Keyring([{ id: 'another', secret: Buffer.alloc(32, 8) }]);
    await expect(list(id, other)).rejects.toThrow('not in ENCRYPTION_KEYS');
  });
});

describe('a batch whose archive was damaged', () => {
  it('fails the items that were not unpacked, and no others', async () => {
    const archive = Buffer.alloc(200_000, 2);
    const id = await insertBatch({ blobs, database, keyring }, ['unpacked', entry, entry], archive);
    const { blob } = await database.batch.findUniqueOrThrow({ where: { id } });
    const path = join(folder, (blob ?? '').slice(0, 2), blob ?? '');
    const bytes = await readFile(path);
    bytes[bytes.length >> 2] = (bytes[bytes.length >> 2] ?? 0) ^ 1;
    await writeFile(path, bytes);
    expect(refusals(await list(id))).toEqual([true, 'storage_damaged', 'storage_damaged']);
    await writeFile(path, bytes.subarray(0, 10));
    const [unpacked, ...rest] = refusals(await list(id));
    expect(unpacked).toBe(true);
    expect(rest).toHaveLength(2);
    expect(rest).not.toContain(true);
  });
});
