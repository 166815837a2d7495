import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { SqlDriverAdapterFactory, SqlQueryable } from '@prisma/driver-adapter-utils';

/** prisma/ stands beside src/ and dist/ alike. */
const MIGRATIONS = fileURLToPath(new URL('../../prisma/migrations/', import.meta.url));
/** The advisory lock that `prisma migrate` takes: ours and its runs exclude each other. */
const PRISMA_MIGRATE_LOCK = 72707369;

interface Migration {
  readonly name: string;
  readonly script: string;
  readonly checksum: string;
}

/**
 * Applies prisma/migrations as `prisma migrate deploy` would and records them in the same table, without Prisma's
 * native engine. Everything happens in one transaction: a start that dies leaves the schema as it was.
 */
export async function applyMigrations(factory: SqlDriverAdapterFactory): Promise<void> {
  const connection = await factory.connect();
  try {
    const transaction = await connection.startTransaction();
    try {
      await run(transaction, `SELECT pg_advisory_xact_lock(${PRISMA_MIGRATE_LOCK})`);
      await run(transaction, CREATE_HISTORY);
      const applied = await appliedChecksums(transaction);
      for (const migration of await readMigrations()) {
        const checksum = applied.get(migration.name);
        if (checksum === migration.checksum) continue;
        if (checksum !== undefined) {
          throw new Error(`migration ${migration.name} was changed after it had been applied to this database`);
        }
        for (const statement of statementsOf(migration.script)) await run(transaction, statement);
        await run(
          transaction,
          `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at", "applied_steps_count")
           VALUES ('${randomUUID()}', '${migration.checksum}', '${migration.name}', now(), 1)`,
        );
      }
      // The adapter leaves COMMIT to its caller; commit() only gives the connection back.
      if (!transaction.options.usePhantomQuery) await run(transaction, 'COMMIT');
      await transaction.commit();
    } catch (error) {
      if (!transaction.options.usePhantomQuery) await run(transaction, 'ROLLBACK').catch(() => undefined);
      await transaction.rollback();
      throw error;
    }
  } finally {
    await connection.dispose();
  }
}

const CREATE_HISTORY = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`;

async function appliedChecksums(connection: SqlQueryable): Promise<Map<string, string>> {
  const result = await connection.queryRaw({
    sql: 'SELECT "migration_name", "checksum" FROM "_prisma_migrations" WHERE "finished_at" IS NOT NULL AND "rolled_back_at" IS NULL',
    args: [],
    argTypes: [],
  });
  return new Map(result.rows.map(([name, checksum]) => [String(name), String(checksum)]));
}

async function readMigrations(): Promise<Migration[]> {
  const entries = await readdir(MIGRATIONS, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const script = await readFile(`${MIGRATIONS}${name}/migration.sql`, 'utf8');
      return { name, script, checksum: createHash('sha256').update(script).digest('hex') };
    }),
  );
}

/** Our migrations hold no semicolon inside a statement: see the first one's note. */
function statementsOf(script: string): string[] {
  return script
    .replaceAll(/^\s*--.*$/gm, '')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

async function run(connection: SqlQueryable, sql: string): Promise<void> {
  await connection.executeRaw({ sql, args: [], argTypes: [] });
}
