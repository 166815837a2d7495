import type { BlobReference } from '../contract/blob-reference.ts';
import { fileNameContext } from '../encryption/contexts.ts';
import { type Keyring, sealJson, unsealJson } from '../encryption/keyring.ts';
import { KtpflowError } from '../errors.ts';
import type { Database } from './database.ts';
import type { Prisma, StoredFile } from './generated/client.ts';
import { orderedId } from './ordered-id.ts';

export interface NewFile {
  readonly tenant: string;
  readonly purpose: string;
  /** As the caller wrote it. */
  readonly name: string;
  /** Plain bytes. */
  readonly bytes: number;
  readonly key: { readonly dataKey: Uint8Array<ArrayBuffer>; readonly wrappedKey: Uint8Array<ArrayBuffer> };
  readonly blob: BlobReference;
  /** How long it is kept. */
  readonly keepSeconds: number;
}

/** The columns of a new file. */
export function fileRow({ tenant, purpose, name, bytes, key, blob, keepSeconds }: NewFile) {
  const createdAt = new Date();
  const id = orderedId('file-', createdAt);
  return {
    id,
    tenant,
    purpose,
    bytes: BigInt(bytes),
    wrappedKey: key.wrappedKey,
    sealedName: sealJson(key.dataKey, name, fileNameContext(id)),
    blob,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + keepSeconds * 1000),
  };
}

/**
 * Takes a file in, as long as the tenant's files together stay under the quota. Uploads of one tenant wait for each other
 * here, so that two of them cannot both take the last room.
 * @throws KtpflowError payload_too_large
 */
export async function insertFile(
  database: Database,
  row: ReturnType<typeof fileRow> & { readonly idempotencyHash?: string; readonly requestHash?: string },
  access: Prisma.AccessLogEntryCreateInput,
  quotaBytes: number,
): Promise<void> {
  await database.$transaction(async (transaction) => {
    await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${row.tenant}, 0))`;
    const { _sum: sum } = await transaction.storedFile.aggregate({
      where: { tenant: row.tenant, expiresAt: { gt: row.createdAt } },
      _sum: { bytes: true },
    });
    if (Number(sum.bytes ?? 0n) + Number(row.bytes) > quotaBytes) {
      throw new KtpflowError('payload_too_large', 'There is no room for this file: delete others first.', {
        param: 'file',
      });
    }
    await transaction.storedFile.create({ data: row });
    await transaction.accessLogEntry.create({ data: access });
  });
}

/** The tenant's file. @throws KtpflowError not_found, for somebody else's and expired ones too */
export async function findFile(database: Database, tenant: string, id: string, param?: string): Promise<StoredFile> {
  const row = await database.storedFile.findFirst({ where: { id, tenant, expiresAt: { gt: new Date() } } });
  if (!row) throw new KtpflowError('not_found', 'There is no such file.', param === undefined ? {} : { param });
  return row;
}

/** The name that the caller gave a file. */
export function fileName(keyring: Keyring, row: StoredFile): string {
  return String(unsealJson(keyring.unwrapDataKey(row.wrappedKey), row.sealedName, fileNameContext(row.id)));
}
