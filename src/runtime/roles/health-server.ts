import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Liveness, readiness and metrics of a process whatever its roles are: a worker and an inference process have no other
 * port. Nothing of it concerns a caller, and it asks for no key: keep the port inside the private network.
 * @param fault the part that does not work right now; null: all do
 */
export async function startHealthServer(
  port: number,
  host: string,
  { fault, registry }: { fault: () => string | null; registry: Registry },
): Promise<HealthServer> {
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/metrics') {
      response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics());
      return;
    }
    const waitsFor = path === '/readyz' ? fault() : null;
    const known = path === '/livez' || path === '/readyz';
    const status = !known ? 404 : waitsFor === null ? 200 : 503;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(known ? { ok: status === 200, ...(waitsFor && { waits_for: waitsFor }) } : { ok: false }),
    );
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
