import { once } from 'node:events';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { createMcpServer } from '../../mcp/create-server.ts';
import type { ApiClient } from '../api-client.ts';
import { ApiError, EXIT, type ExitCode } from '../exit-codes.ts';

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
  await server.connect(new StdioServerTransport());
  // A file, such as /dev/null, ends and is not closed.
  await Promise.race([once(process.stdin, 'end'), once(process.stdin, 'close')]);
  await server.close();
  return EXIT.ok;
}
