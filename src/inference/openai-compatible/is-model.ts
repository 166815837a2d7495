import type { ServerKind } from './options.ts';

/** Whether a server's name of a model is the one that is asked for: Ollama's has a tag, `:latest` where none is said. */
export function isModel(name: string, modelId: string, kind: ServerKind): boolean {
  return name === modelId || (kind === 'ollama' && name === `${modelId}:latest`);
}
