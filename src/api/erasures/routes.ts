import type { Express, RequestHandler } from 'express';
import { KtpflowError } from '../../errors.ts';
import { requireScope } from '../access/authentication.ts';
import type { RouteContext } from '../context.ts';
import { route } from '../http/methods.ts';
import { callerOf } from '../http/request-state.ts';
import { ERASURES_PATH, renderCertificate } from './certificate.ts';

type ErasuresContext = Pick<RouteContext, 'authenticator' | 'database' | 'keyring'>;

/** Proof of what was erased: for the tenant whose record it was, and for administrators. */
export function erasures(app: Express, { authenticator, database, keyring }: ErasuresContext): void {
  const read: RequestHandler<{ id: string }> = async (request, response) => {
    const { scopes, tenant } = callerOf(response);
    const row = await database.erasure.findUnique({ where: { record: request.params.id } });
    if (!row || (row.tenant !== tenant && !scopes.has('admin'))) {
      throw new KtpflowError('not_found', 'There is no such certificate.');
    }
    response.json(renderCertificate(keyring, row));
  };
  route(app, `${ERASURES_PATH}/:id`, {
    get: [requireScope(authenticator, 'extract', 'admin'), read as RequestHandler],
  });
}
