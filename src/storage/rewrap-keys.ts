import type { BlobReference } from '../contract/blob-reference.ts';
import { type Keyring, SealError } from '../encryption/keyring.ts';
import { KtpflowError } from '../errors.ts';
import type { BlobStore } from './blobs.ts';
import type { Database } from './database.ts';
import { Prisma } from './generated/client.ts';
import { namedBlobs } from './named-blobs.ts';

/** Tables whose rows hold a data key of their own. */
export const KEYED_TABLES = [
  'extractions',
  'batches',
  'chat_generations',
  'files',
  'chat_batches',
  'webhook_deliveries',
  'responses',
] as const;

export interface RewrapReport {
  readonly rows: number;
  readonly blobs: number;
  /** Rows and blobs that none of the keys opens: they were lost before, and stay as they are. */
  readonly unreadable: number;
}

interface KeyedRow {
  readonly id: string;
  readonly wrapped_key: Uint8Array<ArrayBuffer>;
}

/**
 * Wraps every stored data key by the master key that writes now, so that the older ones open nothing any more. What is
 * sealed with the data keys stays as it is. May be interrupted and repeated, and run beside a working platform as long as
 * all of its processes have all keys.
 */
export async function rewrapKeys(
  database: Database,
  blobs: BlobStore,
  keyring: Keyring,
  pageSize = 500,
): Promise<RewrapReport> {
  const report = { rows: 0, blobs: 0, unreadable: 0 };
  const tolerantly = async (rewrap: () => Promise<void>): Promise<void> => {
    try {
      await rewrap();
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      report.unreadable++;
    }
  };
  for (const table of KEYED_TABLES) {
    for await (const { id, wrapped_key: old } of keyedRows(database, table, pageSize)) {
      await tolerantly(async () => {
        const wrappedKey = keyring.rewrapDataKey(old);
        if (!wrappedKey) return;
        report.rows += await database.$executeRaw`
          UPDATE ${Prisma.raw(`"${table}"`)} SET "wrapped_key" = ${wrappedKey}
          WHERE "id" = ${id} AND "wrapped_key" = ${old}`;
      });
    }
  }
  const rewrapPage = async (page: readonly BlobReference[]): Promise<void> => {
    const named = await namedBlobs(database, page);
    const rewrapped: BlobReference[] = [];
    for (const blob of page) {
      await tolerantly(async () => {
        if (await blobs.rewrap(blob).catch(ignoreGone)) rewrapped.push(blob);
      });
    }
    report.blobs += rewrapped.length;
    // One that was erased while it was copied has come back. What no row named before is an upload that gets its own yet.
    const still = await namedBlobs(database, rewrapped);
    for (const blob of rewrapped) if (named.has(blob) && !still.has(blob)) await blobs.delete(blob);
  };
  let page: BlobReference[] = [];
  for await (const blob of blobs.listOlderThan(new Date())) {
    page.push(blob);
    if (page.length < pageSize) continue;
    await rewrapPage(page);
    page = [];
  }
  await rewrapPage(page);
  return report;
}

async function* keyedRows(
  database: Database,
  table: (typeof KEYED_TABLES)[number],
  pageSize: number,
): AsyncGenerator<KeyedRow> {
  for (let after = ''; ; ) {
    const rows = await database.$queryRaw<KeyedRow[]>`
      SELECT "id", "wrapped_key" FROM ${Prisma.raw(`"${table}"`)} WHERE "id" > ${after} ORDER BY "id" LIMIT ${pageSize}`;
    yield* rows;
    const last = rows.at(-1);
    if (rows.length < pageSize || !last) return;
    after = last.id;
  }
}

/** Deleted since it was listed. */
function ignoreGone(error: unknown): false {
  if (error instanceof KtpflowError && error.code === 'not_found') return false;
  throw error;
}
