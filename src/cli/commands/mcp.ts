import { createMcpServer } from '../../mcp/create-server.ts';
import type { ApiClient } from '../api-client.ts';
import { ApiError, EXIT, type ExitCode } from '../exit-codes.ts';
import { PipedTransport } from './piped-transport.ts';

/** Speaks the Model Context Protocol on stdin and stdout until the client goes; the key is the command line's. */
export async function runMcp(api: ApiClient, version: string): Promise<ExitCode> {
  const server = createMcpServer(
    async (method, path, json) => {
      try {
        const response = await api.send(method, path, json ? { json } : {});
        return { ok: true, status: response.status, body: await response.json() };
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        return { ok: false, status: 0, body: { error: { message: error.reason, code: error.code } } };
      }
    },
    { version, localFiles: true },
  );
  const transport = new PipedTransport();
  await server.connect(transport);
  await transport.ended();
  await server.close();
  return EXIT.ok;
}
