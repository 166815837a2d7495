import { randomBytes } from 'node:crypto';
import type { Express, RequestHandler, Response } from 'express';
import { KtpflowError } from '../../errors.ts';
import type { AccessAction } from '../access/access-log.ts';
import { hashKey, requireScope } from '../access/authentication.ts';
import type { RouteContext } from '../context.ts';
import { jsonBody } from '../http/json-body.ts';
import { route } from '../http/methods.ts';
import { behind, pageQuerySchema, toPage } from '../http/pagination.ts';
import { callerOf, requestState } from '../http/request-state.ts';
import { createKeySchema, renderKey } from './schemas.ts';

export const ADMIN_KEYS_PATH = '/v1/admin/keys';
const PREFIX_LENGTH = 9;

/** Creates, lists, rotates and revokes keys; the CLI uses these while a server runs. */
export function adminKeys(app: Express, context: RouteContext): void {
  const { accessLog, authenticator, config, database } = context;
  const scope = requireScope(authenticator, 'admin');
  const log = (response: Response, action: AccessAction, subject: string): Promise<void> =>
    accessLog.write({ caller: callerOf(response), action, subject, requestId: requestState(response).loggedId });

  const create: RequestHandler = async (request, response) => {
    const { scopes, tenant, name, expires_at } = createKeySchema.parse(request.body);
    const secret = createSecret();
    const id = `key_${randomBytes(12).toString('hex')}`;
    const row = await database.apiKey.create({
      data: {
        ...secret.columns,
        id,
        tenant: tenant ?? id,
        name: name ?? '',
        scopes: [...new Set(scopes)],
        expiresAt: expires_at ? new Date(expires_at) : null,
      },
    });
    await log(response, 'key.create', id);
    response.status(201).json({ ...renderKey(row), key: secret.key });
  };

  const list: RequestHandler = async (request, response) => {
    const { cursor, limit } = pageQuerySchema.parse(request.query);
    const rows = await database.apiKey.findMany({
      where: { revokedAt: null, ...behind(cursor) },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit + 1,
    });
    response.json(toPage(rows, limit, renderKey));
  };

  const revoke: RequestHandler<{ id: string }> = async (request, response) => {
    const { id } = request.params;
    const { count } = await database.apiKey.updateMany({
      where: { id, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    if (count === 0) throw unknownKey();
    await log(response, 'key.delete', id);
    response.status(204).end();
  };

  const rotate: RequestHandler<{ id: string }> = async (request, response) => {
    const { id } = request.params;
    const secret = createSecret();
    const { count } = await database.apiKey.updateMany({ where: { id, revokedAt: null }, data: secret.columns });
    const row = count === 0 ? null : await database.apiKey.findUnique({ where: { id } });
    if (!row) throw unknownKey();
    await log(response, 'key.rotate', id);
    response.json({ ...renderKey(row), key: secret.key });
  };

  route(app, ADMIN_KEYS_PATH, { post: [scope, ...jsonBody(config), create], get: [scope, list] });
  route(app, `${ADMIN_KEYS_PATH}/:id`, { delete: [scope, revoke as RequestHandler] });
  route(app, `${ADMIN_KEYS_PATH}/:id/rotate`, { post: [scope, rotate as RequestHandler] });
}

/** 256 random bits, and what is kept of them. */
function createSecret() {
  const key = `ktpf_${randomBytes(32).toString('base64url')}`;
  return { key, columns: { hash: new Uint8Array(hashKey(key)), prefix: key.slice(0, PREFIX_LENGTH) } };
}

function unknownKey(): KtpflowError {
  return new KtpflowError('not_found', 'There is no such key.');
}
