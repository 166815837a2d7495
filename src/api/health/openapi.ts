import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import type { EngineStatus } from '../../contract/engine-status.ts';
import { errorResponses } from '../openapi/responses.ts';

const tags = ['Health'];
const engineSchema: z.ZodType<Pick<EngineStatus, 'id' | 'kind' | 'ready' | 'error'>> = z.object({
  id: z.string(),
  kind: z.enum(['ppocr', 'onnx', 'openai']),
  ready: z.boolean(),
  error: z.string().nullable(),
  warning: z.string().nullable().describe('What is wrong with an engine that answers all the same.'),
});
const okSchema = z.object({ ok: z.literal(true) });

export const healthSchema = z
  .object({
    ok: z.boolean().describe('Whether /readyz is 200.'),
    modelReady: z.boolean(),
    modelId: z.string(),
    error: z.string().nullable(),
    engines: z.array(engineSchema),
    temporal: z.object({ connected: z.boolean() }),
    database: z.object({ connected: z.boolean() }),
    storage: z.object({ writable: z.boolean() }),
    context: z.object({
      compressionEnabled: z.boolean(),
      strategy: z.string(),
      safetyMargin: z.number(),
      modelMaxContext: z.number().nullable(),
      tokenizerModelMaxLength: z.number().nullable(),
      last: z
        .looseObject({ at: z.string() })
        .nullable()
        .describe('What this process last left out of a conversation that was too long.'),
    }),
  })
  .meta({ id: 'Health' });

export const healthPaths: ZodOpenApiPathsObject = {
  '/health': {
    get: {
      tags,
      security: [],
      summary: 'State of every part; always 200',
      responses: { 200: { description: 'The state.', content: { 'application/json': { schema: healthSchema } } } },
    },
  },
  '/livez': {
    get: {
      tags,
      security: [],
      summary: 'Whether the process runs',
      responses: { 200: { description: 'It does.', content: { 'application/json': { schema: okSchema } } } },
    },
  },
  '/readyz': {
    get: {
      tags,
      security: [],
      summary: 'Whether a card could be read now',
      responses: {
        200: { description: 'It could.', content: { 'application/json': { schema: okSchema } } },
        ...errorResponses(503),
      },
    },
  },
  '/metrics': {
    get: {
      tags,
      summary: 'Metrics for Prometheus',
      responses: {
        200: { description: 'Prometheus text.', content: { 'text/plain': { schema: z.string() } } },
        ...errorResponses(401),
      },
    },
  },
};
