import { resolve } from 'node:path';
import { type Config, readConfig } from '../../config.ts';
import { Keyring } from '../../encryption/keyring.ts';
import { openDatabase } from '../../storage/database.ts';
import { type RewrapReport, rewrapKeys } from '../../storage/rewrap-keys.ts';
import { addEncryptionKey, loadOrCreateEncryptionKeys } from '../embedded/encryption-keys.ts';
import { openEmbeddedDatabase } from '../embedded/pglite.ts';
import { openBlobs } from '../roles/open-blobs.ts';

/**
 * Wraps all data keys of an installation by its newest master key. Of the embedded shape the platform must be stopped,
 * since it owns the database.
 * @param addKey makes a new master key first; only where they lie in a file of the home
 * @throws DatabaseInUseError; errors of the database and of the blob store: a repeat goes on where it stopped
 */
export async function rewrapAll(config: Config, { addKey }: { readonly addKey: boolean }): Promise<RewrapReport> {
  const keyring = new Keyring(await masterKeys(config, addKey));
  const blobs = await openBlobs(config, keyring);
  if (config.DATABASE_URL) {
    const database = await openDatabase({ url: config.DATABASE_URL });
    try {
      return await rewrapKeys(database, blobs, keyring);
    } finally {
      await database.$disconnect();
    }
  }
  const embedded = await openEmbeddedDatabase(resolve(config.KTPFLOW_HOME));
  try {
    return await rewrapKeys(await openDatabase({ pglite: embedded.pglite }), blobs, keyring);
  } finally {
    await embedded.close();
  }
}

async function masterKeys(config: Config, addKey: boolean): Promise<Config['ENCRYPTION_KEYS']> {
  if (config.ENCRYPTION_KEYS.length > 0) return config.ENCRYPTION_KEYS;
  const home = resolve(config.KTPFLOW_HOME);
  const { keys } = await (addKey ? addEncryptionKey(home) : loadOrCreateEncryptionKeys(home));
  return readConfig({ ENCRYPTION_KEYS: keys }).ENCRYPTION_KEYS;
}
