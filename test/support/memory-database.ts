import { PGlite } from '@electric-sql/pglite';
import { databaseTemplate } from './database-template.ts';

/** An empty PGlite in memory. */
export async function createMemoryDatabase(): Promise<PGlite> {
  return PGlite.create({ loadDataDir: new Blob([new Uint8Array(await databaseTemplate())]) });
}
