import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Config, ConfigError, vlmEngineOf } from '../config.ts';
import type { EngineStatus } from '../contract/engine-status.ts';
import type { Engine } from './engine.ts';
import { createKtpOcrEngine, type KtpOcrDependencies } from './ktp-ocr/ktp-ocr-engine.ts';
import { createOnnxQwen3VlEngine } from './onnx-qwen3vl/onnx-qwen3vl-engine.ts';
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
          const { ready, error, warning } = await engine.readiness();
          const contextLength = ready ? await engine.contextLength() : null;
          const tokenizerMaxLength = engine.tokenizerMaxLength?.();
          const { id, kind, modelId } = engine;
          return {
            ...{ id, kind, modelId, ready, error, contextLength },
            ...(warning && { warning }),
            ...(tokenizerMaxLength && { tokenizerMaxLength }),
          };
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
      return [createOwnModel(config)];
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

/** Tokens of a prompt that are read in one go: more are faster, fewer let others have their turn sooner. */
const CHUNK_TOKENS = 128;
/** On a CPU each token of a picture costs: about 512 are enough for a card. */
const MAX_OWN_IMAGE_PIXELS = 512 * 1024;
const DEFAULT_MAX_IMAGE_PIXELS = 1_310_720;

function createOwnModel(config: Config): Engine {
  if (config.VLM_MODEL_DIR === undefined) {
    throw new ConfigError('bad configuration: VLM_MODEL_DIR: needed where VLM_ENGINE is onnx');
  }
  if (!existsSync(join(config.VLM_MODEL_DIR, 'config.json'))) {
    throw new ConfigError(
      'bad configuration: VLM_MODEL_DIR: must be the folder of an exported model, with its config.json',
    );
  }
  const pixels = config.VLM_MAX_IMAGE_PIXELS;
  return createOnnxQwen3VlEngine({
    id: 'qwen3-vl',
    modelId: config.MODEL_REPO_ID,
    folder: config.VLM_MODEL_DIR,
    threads: config.VLM_THREADS || availableParallelism(),
    concurrency: config.VLM_CONCURRENCY,
    contextTokens: config.VLM_CONTEXT_TOKENS,
    chunkTokens: CHUNK_TOKENS,
    maxImagePixels: pixels === DEFAULT_MAX_IMAGE_PIXELS ? MAX_OWN_IMAGE_PIXELS : pixels,
    eager: config.EAGER_LOAD_MODEL,
  });
}
