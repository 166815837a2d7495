import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { errorResponses } from '../openapi/responses.ts';

const messageSchema = z
  .looseObject({ jsonrpc: z.literal('2.0') })
  .meta({ id: 'McpMessage', description: 'A message of the Model Context Protocol.' });
const content = { 'application/json': { schema: messageSchema } };

export const mcpPaths: ZodOpenApiPathsObject = {
  '/mcp': {
    post: {
      tags: ['MCP'],
      summary: 'Model Context Protocol, streamable HTTP without sessions: read_ktp, batch_status, explain_field',
      requestBody: { required: true, content },
      responses: {
        200: { description: 'The answer.', content },
        202: { description: 'A notification was taken.' },
        ...errorResponses(400, 401, 403, 413),
      },
    },
  },
};
