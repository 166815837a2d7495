import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import type { ApiKey } from '../../storage/generated/client.ts';
import type { Caller } from '../access/caller.ts';
import { createKey, keyColumns, repeatableKey } from '../access/key-secret.ts';
import type { ApiContext } from '../context.ts';
import { checkSameRequest, createOrRepeat, type Idempotency } from '../intake/idempotency.ts';
import type { createKeySchema } from './schemas.ts';

/** How long a repeat under the same Idempotency-Key is shown the same key. */
const REPEATABLE_MS = 24 * 60 * 60 * 1000;

type CreateContext = Pick<ApiContext, 'database' | 'keyring'>;

export interface NewKey {
  readonly caller: Caller;
  readonly body: z.infer<typeof createKeySchema>;
  readonly idempotency: Idempotency | undefined;
}

/**
 * Makes a key, or shows the one that the same request has made. Nothing that is stored holds the key: it is drawn, or
 * made from the Idempotency-Key by a secret that only the server has.
 * @throws KtpflowError idempotency_mismatch
 */
export async function createOrRepeatKey(
  context: CreateContext,
  request: NewKey,
): Promise<{ row: ApiKey; key: string }> {
  const { database, keyring } = context;
  const { idempotency } = request;
  const id = `key_${randomBytes(12).toString('hex')}`;
  if (!idempotency) {
    const key = createKey();
    return { row: await database.apiKey.create({ data: { ...columns(id, request), ...keyColumns(key) } }), key };
  }
  const keyOf = (keyId: string) => repeatableKey(keyring, idempotency.idempotencyHash, keyId);
  const create = async () => {
    const data = { ...columns(id, request), ...keyColumns(keyOf(id)), ...idempotency };
    return (await database.apiKey.create({ data })).id;
  };
  const find = async () => {
    const row = await findRepeated(context, idempotency);
    if (row) checkSameRequest(row, idempotency);
    return row?.id;
  };
  const made = await createOrRepeat({ create, find, discard: async () => {} });
  return { row: await database.apiKey.findUniqueOrThrow({ where: { id: made } }), key: keyOf(made) };
}

function columns(id: string, { body: { expires_at, name, scopes, tenant } }: NewKey) {
  return {
    id,
    tenant: tenant ?? id,
    name: name ?? '',
    scopes: [...new Set(scopes)],
    expiresAt: expires_at ? new Date(expires_at) : null,
  };
}

/** One that is a day old, was revoked or replaced cannot be shown again, and frees its Idempotency-Key. */
async function findRepeated({ database }: CreateContext, { idempotencyHash }: Idempotency): Promise<ApiKey | null> {
  const before = new Date(Date.now() - REPEATABLE_MS);
  await database.apiKey.updateMany({
    where: { idempotencyHash, OR: [{ createdAt: { lte: before } }, { revokedAt: { not: null } }] },
    data: { idempotencyHash: null, requestHash: null },
  });
  return database.apiKey.findUnique({ where: { idempotencyHash } });
}
