import { PGlite } from '@electric-sql/pglite';
import { databaseTemplate } from './database-template.ts';

/** Given back, and emptied since. Files share the process (vitest.config.ts), and making one costs it a second. */
const idle: PGlite[] = [];
/** What is lent, by what its borrower has in its hands. */
const lent = new WeakMap<PGlite, PGlite>();

/** An empty PGlite in memory with our tables, to be given back by returnMemoryDatabase(). */
export async function borrowMemoryDatabase(): Promise<PGlite> {
  const pglite = idle.pop() ?? (await createMemoryDatabase());
  const borrowed = new Proxy(pglite, {
    get(target, name) {
      // A late statement of the file before would write into the rows of the next one.
      if (!lent.has(borrowed)) throw new Error('The database was given back.');
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  lent.set(borrowed, pglite);
  return borrowed;
}

/** Empties it for the next borrower; one that was closed is let go. */
export async function returnMemoryDatabase(borrowed: PGlite): Promise<void> {
  const pglite = lent.get(borrowed);
  if (!pglite) throw new Error('The database was given back before.');
  lent.delete(borrowed);
  if (pglite.closed) return;
  await pglite.exec(EMPTY_TABLES);
  idle.push(pglite);
}

async function createMemoryDatabase(): Promise<PGlite> {
  return PGlite.create({ loadDataDir: new Blob([new Uint8Array(await databaseTemplate())]) });
}

const EMPTY_TABLES = `
ROLLBACK;
DO $$ BEGIN EXECUTE (
  SELECT 'TRUNCATE ' || string_agg(format('%I.%I', schemaname, tablename), ', ') || ' RESTART IDENTITY CASCADE'
  FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'
); END $$;`;
