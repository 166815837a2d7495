import type { Request, RequestHandler, Response } from 'express';
import { hasBody } from './has-body.ts';

/** Enough for a client that sends an upload as a whole before it looks at the answer. */
const MAX_DRAINED_BYTES = 64 * 1024 * 1024;
const MAX_DRAINED_MS = 15_000;

/**
 * An answer may go out before the body was read (401, 413, 429): closing the connection then would reset it, and many
 * clients would lose the answer; nginx makes a 502 of it. The rest is read and thrown away instead, up to a bound.
 */
export const drainUnreadBody: RequestHandler = (request, response, next) => {
  const closes = !response.shouldKeepAlive;
  // Node would close a connection that the client wants closed as soon as the answer is out, whatever is still coming.
  if (closes && hasBody(request)) {
    response.shouldKeepAlive = true;
    request.once('end', () => closeAfter(request, response));
  }
  response.once('finish', () => {
    if (request.readableEnded || request.destroyed) return;
    let drained = 0;
    const giveUp = () => request.socket.destroy();
    const timer = setTimeout(giveUp, MAX_DRAINED_MS);
    request.on('data', (bytes: Buffer) => {
      drained += bytes.length;
      if (drained > MAX_DRAINED_BYTES) giveUp();
    });
    request.once('close', () => clearTimeout(timer));
    request.once('end', () => clearTimeout(timer));
    request.once('error', () => clearTimeout(timer));
    request.unpipe();
    request.resume();
  });
  next();
};

/** Closes the connection once both the body and the answer are through. */
function closeAfter(request: Request, response: Response): void {
  if (response.writableFinished) request.socket.end();
  else if (response.headersSent) response.once('finish', () => request.socket.end());
  else response.shouldKeepAlive = false;
}
