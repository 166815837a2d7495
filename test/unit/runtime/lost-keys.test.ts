import { randomBytes } from 'node:crypto';
import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Keyring } from '../../../src/encryption/keyring.ts';
import { describeLostKeys } from '../../../src/runtime/supervisor/lost-keys.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { borrowMemoryDatabase, returnMemoryDatabase } from '../../support/memory-database.ts';

const oldKey = { id: 'old', secret: randomBytes(32) };
const newKey = { id: 'new', secret: randomBytes(32) };

let pglite: PGlite;
let database: Database;
beforeAll(async () => {
  pglite = await borrowMemoryDatabase();
  database = await openDatabase({ pglite });
});
afterAll(async () => {
  await database?.$disconnect();
  await returnMemoryDatabase(pglite);
});

describe('keys that stored records need', () => {
  it('are missed at the start, not by the first caller', async () => {
    expect(await describeLostKeys(database, new Keyring([newKey]))).toBeNull();
    for (const [index, key] of [oldKey, newKey].entries()) {
      const { wrappedKey } = new Keyring([key]).createDataKey();
      await database.extraction.create({
        data: {
          id: `ext_${index}`,
          tenant: 'default',
          strategy: 'ocr',
          options: {},
          wrappedKey,
          expiresAt: new Date(Date.now() + index * 60_000),
        },
      });
    }
    expect(await describeLostKeys(database, new Keyring([newKey]))).toMatch(/not in ENCRYPTION_KEYS/);
    expect(await describeLostKeys(database, new Keyring([newKey, oldKey]))).toBeNull();
  });
});
