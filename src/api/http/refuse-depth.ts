import type { RequestHandler } from 'express';
import { KtpflowError } from '../../errors.ts';

/** Deeper than any request is; what walks a body (hashing, writing) would overflow the stack a little beyond. */
const MAX_DEPTH = 256;

/** Refuses a parsed body that is nested too deeply. @throws KtpflowError invalid_value */
export const refuseDepth: RequestHandler = (request, _response, next) => {
  if (isDeeperThan(request.body, MAX_DEPTH)) {
    throw new KtpflowError('invalid_value', `The body is nested more than ${MAX_DEPTH} levels deep.`);
  }
  next();
};

/** Level by level, not by recursion: that is what it guards against. */
function isDeeperThan(body: unknown, limit: number): boolean {
  let level: unknown[] = [body];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue;
      for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) next.push(inner);
    }
    level = next;
  }
  return false;
}
