import { randomBytes } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Keyring } from '../../encryption/keyring.ts';
import { setRequestState } from './request-state.ts';

const ALLOWED = /^[A-Za-z0-9._:-]{1,128}$/;

export const newRequestId = (): string => `req_${randomBytes(12).toString('hex')}`;

/**
 * Gives every request its id: the caller's, where it has the allowed form, else ours. What the caller chose may be
 * anything, a NIK too: logs and the access log get its HMAC instead.
 */
export function identifyRequest(keyring: Keyring): RequestHandler {
  return (request, response, next) => {
    const given = request.get('x-request-id');
    if (given !== undefined && ALLOWED.test(given)) {
      const loggedId = `hmac_${keyring.hmac('request id', given).slice(0, 24)}`;
      setRequestState(response, { requestId: given, loggedId });
      response.setHeader('x-request-id', given);
    } else {
      const requestId = newRequestId();
      setRequestState(response, { requestId, loggedId: requestId });
      response.setHeader('x-request-id', requestId);
    }
    next();
  };
}
