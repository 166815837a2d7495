import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ranges that Linux (from 32768) and macOS (from 49152) take outgoing ports from: there, a client that
 * reconnects to its restarting server can be given the server's own port and so keep it from listening.
 */
const FIRST = 20_000;
const LAST = 29_999;
const TRIES = 50;

/** A port that can be listened on now: the preferred one if it is free. */
export async function freePort(host: string, preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isPortFree(host, preferred))) return preferred;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const port = randomInt(FIRST, LAST + 1);
    if (await isPortFree(host, port)) return port;
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`);
}

export async function isPortFree(host: string, port: number): Promise<boolean> {
  return (await listenError(host, port)) === null;
}

/** What listening on this address fails with (EADDRINUSE, EACCES, EADDRNOTAVAIL …); null when it works. */
export async function listenError(host: string, port: number): Promise<string | null> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    server.close();
  }
}
