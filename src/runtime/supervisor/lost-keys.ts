import { type Keyring, SealError } from '../../encryption/keyring.ts';
import type { Database } from '../../storage/database.ts';

/**
 * Looks whether the records that expire first and last open with the keys that are there. Without this, the first to learn
 * that ENCRYPTION_KEYS has lost a key is a caller who gets a 500.
 * @returns one line for the operator, or null
 */
export async function describeLostKeys(database: Database, keyring: Keyring): Promise<string | null> {
  const select = { wrappedKey: true } as const;
  const ends = await Promise.all(
    (['asc', 'desc'] as const).map((expiresAt) => database.extraction.findFirst({ select, orderBy: { expiresAt } })),
  );
  const isLost = ends.some((row) => {
    try {
      if (row) keyring.unwrapDataKey(row.wrappedKey);
      return false;
    } catch (error) {
      if (error instanceof SealError) return true;
      throw error;
    }
  });
  return isLost
    ? 'stored extractions were encrypted with a key that is not in ENCRYPTION_KEYS: they cannot be read until it is put back, after the new one'
    : null;
}
