import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Tells a client that asks first (`Expect: 100-continue`, as curl does above a megabyte) to send its body only once
 * somebody reads it: a request that is refused by its headers alone (no key, too long, not found) gets that answer
 * instead, and the body is never sent. The connection ends with such an answer, since nobody can say whether what comes
 * next on it is the body.
 */
export function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const read = request._read;
  let isAwaited = true;
  request._read = (size) => {
    request._read = read;
    // Read after the answer: to be thrown away, see unread-body.ts.
    if (!response.headersSent) {
      isAwaited = false;
      response.writeContinue();
    }
    request._read(size);
  };
  // Node closes the connection with such an answer. A client that did not wait is sending by then, and would be cut off
  // before it has read the answer: only our half ends, and the rest is thrown away.
  const { socket } = request;
  const destroySoon = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    if (!isAwaited || request.complete) return destroySoon();
    request.once('end', () => socket.destroy());
    socket.end();
  };
}
