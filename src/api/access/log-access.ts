import type { Response } from 'express';
import type { RouteContext } from '../context.ts';
import { callerOf, requestState } from '../http/request-state.ts';
import type { AccessAction } from './access-log.ts';

/** Writes down what the caller of this request does, before it is answered. @throws errors of the database */
export function logAccess(
  { accessLog }: Pick<RouteContext, 'accessLog'>,
  response: Response,
  action: AccessAction,
  subject: string,
): Promise<void> {
  return accessLog.write({ caller: callerOf(response), action, subject, requestId: requestState(response).loggedId });
}
