import type { PGlite } from '@electric-sql/pglite';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { PrismaClient } from './generated/client.ts';
import { applyMigrations } from './migrations.ts';

export type Database = PrismaClient;

const DEFAULT_POOL_SIZE = 10;

/** Either the address of a PostgreSQL server or the PGlite that this process owns. */
export type DatabaseSource = { readonly url: string; readonly poolSize?: number } | { readonly pglite: PGlite };

/**
 * Whether a PostgreSQL server lets us in, at once and without touching its schema.
 * @throws the adapter's error, if not
 */
export async function answersDatabase(url: string, timeoutMs: number): Promise<void> {
  const adapter = await new PrismaPg({ connectionString: url, max: 1, connectionTimeoutMillis: timeoutMs }).connect();
  try {
    await adapter.queryRaw({ sql: 'SELECT 1', args: [], argTypes: [] });
  } finally {
    await adapter.dispose();
  }
}

/** Connects and brings the schema up to date; several processes may do so at once. */
export async function openDatabase(source: DatabaseSource): Promise<Database> {
  const adapter =
    'url' in source
      ? new PrismaPg({
          connectionString: source.url,
          max: source.poolSize ?? DEFAULT_POOL_SIZE,
          connectionTimeoutMillis: 5_000,
          // Prisma sends times without their zone: a server that keeps Jakarta's would take them for seven hours earlier
          // than its own now().
          options: '-c TimeZone=UTC',
        })
      : new PrismaPGlite(source.pglite);
  await applyMigrations(adapter);
  return new PrismaClient({ adapter });
}
