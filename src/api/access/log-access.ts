import type { Response } from 'express';
import type { RouteContext } from '../context.ts';
import { requesterOf } from '../http/request-state.ts';
import type { AccessAction } from './access-log.ts';

/** Writes down what the caller of this request does, before it is answered. @throws errors of the database */
export function logAccess(
  { accessLog }: Pick<RouteContext, 'accessLog'>,
  response: Response,
  action: AccessAction,
  subject: string,
): Promise<void> {
  return accessLog.write({ ...requesterOf(response), action, subject });
}
