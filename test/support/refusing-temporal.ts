import { once } from 'node:events';
import { createServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';

const PERMISSION_DENIED = '7';

export interface RefusingTemporal {
  /** host:port, for TEMPORAL_ADDRESS. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * A Temporal that forbids everything, at once. For tests that only want to know whether a request was accepted: one
 * that is not there at all is waited for, five seconds each time.
 */
export async function startRefusingTemporal(): Promise<RefusingTemporal> {
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream) => {
    const headers = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': PERMISSION_DENIED };
    stream.on('error', () => undefined);
    stream.respond(headers, { endStream: true });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
