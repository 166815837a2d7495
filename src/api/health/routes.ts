import type { Express } from 'express';
import { KTP_OCR_MODEL } from '../../contract/engine-status.ts';
import { requireKey } from '../access/authentication.ts';
import type { RouteContext } from '../context.ts';
import { sendError } from '../http/errors.ts';
import { route } from '../http/methods.ts';
import { createReadiness, type Readiness, type ReadinessContext, unreadiness } from './readiness.ts';

type HealthContext = ReadinessContext & Pick<RouteContext, 'authenticator' | 'config' | 'metrics' | 'shortened'>;

/** /health, /livez and /readyz are open to everybody; /metrics needs a key once keys exist. */
export function health(app: Express, context: HealthContext): void {
  const readiness = createReadiness(context);

  route(app, '/livez', { get: (_request, response) => void response.json({ ok: true }) });

  route(app, '/readyz', {
    get: async (_request, response) => {
      const error = unreadiness(await readiness());
      if (error) sendError(response, error);
      else response.json({ ok: true });
    },
  });

  route(app, '/health', {
    get: async (_request, response) => void response.json(describe(context, await readiness())),
  });

  route(app, '/metrics', {
    get: [
      requireKey(context.authenticator),
      async (_request, response) => {
        const { registry } = context.metrics;
        response.type(registry.contentType).send(await registry.metrics());
      },
    ],
  });
}

function describe({ config, shortened }: Pick<HealthContext, 'config' | 'shortened'>, readiness: Readiness) {
  const error = unreadiness(readiness);
  const modelIdInUse = config.VLM_MODEL_DIR || config.VLM_BASE_URL ? config.MODEL_REPO_ID : KTP_OCR_MODEL;
  const model = readiness.engines.find(({ modelId }) => modelId === modelIdInUse);
  return {
    ok: error === undefined,
    modelReady: model?.ready ?? false,
    modelId: modelIdInUse,
    error: error?.message ?? null,
    engines: readiness.engines.map(({ id, kind, ready, error: fault, warning = null }) => ({
      id,
      kind,
      ready,
      error: fault,
      warning,
    })),
    temporal: { connected: readiness.temporal },
    database: { connected: readiness.database },
    storage: { writable: readiness.storage },
    context: {
      compressionEnabled: config.ENABLE_AUTO_COMPRESSION,
      strategy: config.COMPRESSION_STRATEGY,
      safetyMargin: config.CONTEXT_SAFETY_MARGIN,
      modelMaxContext: config.CONTEXT_MAX_TOKENS_AUTO || (model?.contextLength ?? null),
      tokenizerModelMaxLength: model?.tokenizerMaxLength ?? null,
      last: shortened.last,
    },
  };
}
