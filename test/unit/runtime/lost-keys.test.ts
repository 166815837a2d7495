import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Keyring } from '../../../src/encryption/keyring.ts';
import { describeLostKeys } from '../../../src/runtime/supervisor/lost-keys.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { createMemoryDatabase } from '../../support/memory-database.ts';

const oldKey = { id: 'old', secret: randomBytes(32) };
const newKey = { id: 'new', secret: randomBytes(32) };

let database: Database;
beforeAll(async () => {
  database = await openDatabase({ pglite: await createMemoryDatabase() });
});
afterAll(() => database?.$disconnect());

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
