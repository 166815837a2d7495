import type { Express, RequestHandler } from 'express';
import { KtpflowError } from '../../errors.ts';
import { requireScope } from '../access/authentication.ts';
import { createKey, HOME_KEY_ID, keyColumns } from '../access/key-secret.ts';
import { logAccess } from '../access/log-access.ts';
import type { RouteContext } from '../context.ts';
import { jsonBody } from '../http/json-body.ts';
import { route } from '../http/methods.ts';
import { parseOwnQuery } from '../http/own-query.ts';
import { behind, pageQuerySchema, toPage } from '../http/pagination.ts';
import { callerOf } from '../http/request-state.ts';
import { idempotencyHash, idempotencyOf } from '../intake/idempotency.ts';
import { createOrRepeatKey } from './create.ts';
import { createKeySchema, renderKey } from './schemas.ts';

export const ADMIN_KEYS_PATH = '/v1/admin/keys';

type KeysContext = Pick<RouteContext, 'accessLog' | 'authenticator' | 'config' | 'database' | 'keyring'>;

/** Creates, lists, rotates and revokes keys; the CLI uses these while a server runs. */
export function adminKeys(app: Express, context: KeysContext): void {
  const { authenticator, config, database, keyring } = context;
  const scope = requireScope(authenticator, 'admin');

  const create: RequestHandler = async (request, response) => {
    const body = createKeySchema.parse(request.body);
    const caller = callerOf(response);
    const keyHash = idempotencyHash(keyring, request, caller, ADMIN_KEYS_PATH);
    const idempotency = idempotencyOf(keyring, caller, keyHash, body);
    const { key, row } = await createOrRepeatKey(context, { caller, body, idempotency });
    await logAccess(context, response, 'key.create', row.id);
    const ends_anonymous_access = await authenticator.wasFirst(row);
    response.status(201).json({ ...renderKey(row), key, ends_anonymous_access });
  };

  const list: RequestHandler = async (request, response) => {
    const { cursor, limit } = parseOwnQuery(pageQuerySchema, request);
    const rows = await database.apiKey.findMany({
      where: { revokedAt: null, ...behind(cursor) },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit + 1,
    });
    response.json(toPage(rows, limit, renderKey));
  };

  const revoke: RequestHandler<{ id: string }> = async (request, response) => {
    const { id } = request.params;
    refuseHomeKey(id);
    const { count } = await database.apiKey.updateMany({
      where: { id, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    if (count === 0) throw unknownKey();
    await logAccess(context, response, 'key.delete', id);
    response.status(204).end();
  };

  const rotate: RequestHandler<{ id: string }> = async (request, response) => {
    const { id } = request.params;
    refuseHomeKey(id);
    const key = createKey();
    // What the key was before cannot be shown again.
    const data = { ...keyColumns(key), idempotencyHash: null, requestHash: null };
    const { count } = await database.apiKey.updateMany({ where: { id, revokedAt: null }, data });
    const row = count === 0 ? null : await database.apiKey.findUnique({ where: { id } });
    if (!row) throw unknownKey();
    await logAccess(context, response, 'key.rotate', id);
    response.json({ ...renderKey(row), key });
  };

  route(app, ADMIN_KEYS_PATH, { post: [scope, ...jsonBody(config), create], get: [scope, list] });
  route(app, `${ADMIN_KEYS_PATH}/:id`, { delete: [scope, revoke as RequestHandler] });
  route(app, `${ADMIN_KEYS_PATH}/:id/rotate`, { post: [scope, rotate as RequestHandler] });
}

/** Its one copy lies in a file: a new key would have to be written there. */
function refuseHomeKey(id: string): void {
  if (id !== HOME_KEY_ID) return;
  throw new KtpflowError(
    'unsupported',
    'This key lies in the home of the server. To replace it, delete the file admin-key there and restart the server.',
    { param: 'id' },
  );
}

function unknownKey(): KtpflowError {
  return new KtpflowError('not_found', 'No such key.');
}
