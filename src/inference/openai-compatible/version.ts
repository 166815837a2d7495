import { z } from 'zod';
import { isModel } from './is-model.ts';
import type { ServerKind } from './options.ts';
import type { UpstreamHttp } from './upstream-http.ts';

const versionSchema = z.object({ version: z.string() });
const propsSchema = z.object({ build_info: z.string().optional(), model_path: z.string().optional() });
const tagsSchema = z.object({ models: z.array(z.object({ model: z.string(), digest: z.string() })) });
const modelsSchema = z.object({ data: z.array(z.object({ id: z.string(), root: z.string().nullish() })) });

/**
 * What a server says of its version and of the weights behind a model's name, which may be exchanged under it; null where
 * it says nothing. Only to be compared. Never rejects.
 */
export async function versionOf(http: UpstreamHttp, kind: ServerKind, modelId: string): Promise<string | null> {
  if (kind === 'llamacpp') {
    const props = await answer(http, '/props', propsSchema);
    return together(props?.build_info, props?.model_path);
  }
  if (kind === 'ollama') {
    const server = await answer(http, '/api/version', versionSchema);
    const tags = await answer(http, '/api/tags', tagsSchema);
    return together(server?.version, tags?.models.find(({ model }) => isModel(model, modelId, kind))?.digest);
  }
  const server = await answer(http, '/version', versionSchema);
  const models = await answer(http, '/v1/models', modelsSchema);
  return together(server?.version, models?.data.find(({ id }) => id === modelId)?.root);
}

async function answer<Answer>(http: UpstreamHttp, path: string, schema: z.ZodType<Answer>): Promise<Answer | null> {
  try {
    return schema.parse((await http.ask(path)).body);
  } catch {
    return null;
  }
}

function together(...parts: (string | null | undefined)[]): string | null {
  return parts.some((part) => typeof part === 'string') ? JSON.stringify(parts) : null;
}
