import { type Config, ConfigError } from '../config.ts';
import type { EngineStatus } from '../contract/engine-status.ts';
import type { Engine } from './engine.ts';
import { createKtpOcrEngine, type KtpOcrDependencies } from './ktp-ocr/ktp-ocr-engine.ts';
import { createOpenAiCompatibleEngine } from './openai-compatible/openai-compatible-engine.ts';

export interface Engines {
  /** The engine behind a name of /v1/models; undefined where this process has none. */
  forModel(modelId: string): Engine | undefined;
  list(): readonly Engine[];
  statuses(): Promise<EngineStatus[]>;
  close(): Promise<void>;
}

/**
 * Builds the engines that the configuration names: the card reader always, and the vision-language model of
 * VLM_ENGINE (unset: by VLM_MODEL_DIR or VLM_BASE_URL).
 * @throws ConfigError naming the variable
 */
export function createEngines(config: Config, dependencies: KtpOcrDependencies): Engines {
  const engines: Engine[] = [createKtpOcrEngine(dependencies), ...createVlm(config)];
  return {
    forModel: (modelId) => engines.find((engine) => engine.modelId === modelId),
    list: () => engines,
    statuses: () =>
      Promise.all(
        engines.map(async (engine) => {
          const { ready, error } = await engine.readiness();
          const contextLength = ready ? await engine.contextLength() : null;
          return { id: engine.id, kind: engine.kind, modelId: engine.modelId, ready, error, contextLength };
        }),
      ),
    close: async () => {
      await Promise.all(engines.map((engine) => engine.close()));
    },
  };
}

function createVlm(config: Config): Engine[] {
  switch (vlmEngineOf(config)) {
    case 'none':
      return [];
    case 'onnx':
      throw new ConfigError(
        'bad configuration: VLM_ENGINE: onnx (chosen by VLM_MODEL_DIR where unset) is not part of this version; use VLM_BASE_URL with openai, or none',
      );
    case 'openai':
      if (config.VLM_BASE_URL === undefined) {
        throw new ConfigError('bad configuration: VLM_BASE_URL: needed where VLM_ENGINE is openai');
      }
      return [
        createOpenAiCompatibleEngine({
          id: 'openai',
          baseUrl: config.VLM_BASE_URL,
          apiKey: config.VLM_API_KEY,
          modelId: config.MODEL_REPO_ID,
          serverKind: config.VLM_SERVER === 'auto' ? undefined : config.VLM_SERVER,
          maxImagePixels: config.VLM_MAX_IMAGE_PIXELS,
          timeouts: {
            firstTokenMs: config.VLM_FIRST_TOKEN_TIMEOUT_SECONDS * 1000,
            idleMs: config.VLM_IDLE_TIMEOUT_SECONDS * 1000,
          },
        }),
      ];
  }
}

function vlmEngineOf({ VLM_ENGINE, VLM_MODEL_DIR, VLM_BASE_URL }: Config): 'none' | 'onnx' | 'openai' {
  if (VLM_ENGINE) return VLM_ENGINE;
  if (VLM_MODEL_DIR !== undefined) return 'onnx';
  return VLM_BASE_URL === undefined ? 'none' : 'openai';
}
