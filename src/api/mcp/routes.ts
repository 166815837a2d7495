import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Express, Request, RequestHandler } from 'express';
import type { ApiCall } from '../../mcp/api-call.ts';
import { createMcpServer } from '../../mcp/create-server.ts';
import { requireScope } from '../access/authentication.ts';
import type { RouteContext } from '../context.ts';
import { jsonBody } from '../http/json-body.ts';
import { route } from '../http/methods.ts';
import { requestState } from '../http/request-state.ts';
import { VERSION } from '../openapi/document.ts';

/**
 * The Model Context Protocol over streamable HTTP, without sessions: any process answers any request. What a tool does,
 * it does through the API under the caller's own key.
 */
export function mcp(app: Express, { authenticator, config }: Pick<RouteContext, 'authenticator' | 'config'>): void {
  const post: RequestHandler = async (request, response) => {
    const server = createMcpServer(callUnderKeyOf(request, requestState(response).requestId), {
      version: VERSION,
      localFiles: false,
    });
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    response.once('close', () => {
      void transport.close();
      void server.close();
    });
    await server.connect(transport);
    await transport.handleRequest(request, response, request.body);
  };
  route(app, '/mcp', { post: [requireScope(authenticator, 'extract'), ...jsonBody(config), post] });
}

/** Asks this very server, at the address that the request came to. */
function callUnderKeyOf(request: Request, requestId: string): ApiCall {
  const { localAddress = '127.0.0.1', localPort } = request.socket;
  const host = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
  const authorization = request.get('authorization');
  return async (method, path, json) => {
    const answer = await fetch(`http://${host}:${localPort}${path}`, {
      method,
      headers: {
        'x-request-id': requestId,
        ...(authorization !== undefined && { authorization }),
        ...(json && { 'content-type': 'application/json' }),
      },
      ...(json && { body: JSON.stringify(json) }),
    });
    return { ok: answer.ok, status: answer.status, body: await answer.json().catch(() => undefined) };
  };
}
