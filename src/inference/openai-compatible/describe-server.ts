import { z } from 'zod';
import { KtpflowError } from '../../errors.ts';
import { isModel } from './is-model.ts';
import type { ServerKind } from './options.ts';
import { redirected } from './upstream-failure.ts';
import type { UpstreamHttp } from './upstream-http.ts';

/** What a model server says of itself. */
export interface ServerDescription {
  readonly kind: ServerKind;
  /** Prompt and answer together, in tokens; null where the server does not say. */
  readonly contextLength: number | null;
  /** Whether the model takes images; null where the server does not say. */
  readonly vision: boolean | null;
}

const modelSchema = z.object({
  id: z.string(),
  owned_by: z.string().nullish().catch(null),
  max_model_len: z.number().int().positive().nullish().catch(null),
});
// One odd entry does not make the others unknown.
const modelsSchema = z.object({ data: z.array(modelSchema.nullable().catch(null)) });
const propsSchema = z.object({
  default_generation_settings: z.object({ n_ctx: z.number().int().positive().nullish() }),
  modalities: z.object({ vision: z.boolean() }).nullish(),
});
const versionSchema = z.object({ version: z.string() });
const ollamaShowSchema = z.object({ capabilities: z.array(z.string()) });
const ollamaRunningSchema = z.object({
  models: z.array(z.object({ model: z.string(), context_length: z.number().int().positive().nullish() })),
});

/** `owned_by` of the entries of /v1/models. */
const OWNERS: Readonly<Record<string, ServerKind>> = {
  vllm: 'vllm',
  sglang: 'sglang',
  llamacpp: 'llamacpp',
  library: 'ollama',
};
/** These answer 404 for a model that they do not list. */
const STRICT_ABOUT_MODELS: ReadonlySet<ServerKind> = new Set(['vllm', 'sglang', 'ollama']);

/**
 * Asks a server for its kind, its model and its limits.
 * @throws KtpflowError model_not_ready, upstream_failed; UpstreamFailure where it cannot be reached.
 */
export async function describeServer(
  http: UpstreamHttp,
  { modelId, configuredKind }: { modelId: string; configuredKind: ServerKind | undefined },
): Promise<ServerDescription> {
  const { status, body } = await http.ask('/v1/models');
  if (status === 401 || status === 403) {
    throw new KtpflowError('upstream_failed', 'The model server refused our credentials.');
  }
  if (status >= 300 && status < 400) throw redirected();
  // 501: it has no list of models, which is no fault.
  if ((status >= 500 && status !== 501) || status === 429) {
    throw new KtpflowError('model_not_ready', 'The model server is not ready.', { retryAfterSeconds: 5 });
  }
  const models = (modelsSchema.safeParse(body).data?.data ?? []).filter((model) => model !== null);
  const kind =
    configuredKind ?? (await findKind(http, (models.find(({ id }) => id === modelId) ?? models[0])?.owned_by));
  const entry = models.find(({ id }) => isModel(id, modelId, kind));
  if (!entry && models.length > 0 && STRICT_ABOUT_MODELS.has(kind)) {
    throw new KtpflowError('model_not_ready', 'The model server does not serve this model.', { retryAfterSeconds: 30 });
  }
  switch (kind) {
    case 'llamacpp': {
      const props = propsSchema.safeParse((await http.ask('/props')).body).data;
      return {
        kind,
        contextLength: props?.default_generation_settings.n_ctx ?? null,
        vision: props?.modalities?.vision ?? null,
      };
    }
    case 'ollama': {
      const show = ollamaShowSchema.safeParse((await http.ask('/api/show', { body: { model: modelId } })).body).data;
      // The limit is that of the loaded model, not what its file could do.
      const running = ollamaRunningSchema.safeParse((await http.ask('/api/ps')).body).data?.models ?? [];
      return {
        kind,
        contextLength: running.find(({ model }) => isModel(model, modelId, kind))?.context_length ?? null,
        vision: show ? show.capabilities.includes('vision') : null,
      };
    }
    default:
      return { kind, contextLength: entry?.max_model_len ?? null, vision: null };
  }
}

async function findKind(http: UpstreamHttp, owner: string | null | undefined): Promise<ServerKind> {
  const known = OWNERS[owner ?? ''];
  if (known) return known;
  if (propsSchema.safeParse((await http.ask('/props')).body).success) return 'llamacpp';
  if (versionSchema.safeParse((await http.ask('/version')).body).success) return 'vllm';
  return 'generic';
}
