import type { Response } from 'express';

/** Aborted when the caller has gone away before its answer, or has asked for its headers alone and has them. */
export function callerGone(response: Response): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  response.once('close', () => {
    if (!response.writableFinished || response.req.method === 'HEAD') gone.abort();
  });
  return gone.signal;
}
