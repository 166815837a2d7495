import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { checkGraphFiles } from './check-graph-files.ts';
import { ModelFolderError } from './model-folder-error.ts';
import type { PixelBudget } from './smart-resize.ts';

const configSchema = z.looseObject({
  model_type: z.string(),
  image_token_id: z.number().int(),
  video_token_id: z.number().int(),
  text_config: z.looseObject({
    hidden_size: z.number().int(),
    vocab_size: z.number().int(),
    max_position_embeddings: z.number().int().optional(),
  }),
});
const edgesSchema = z.looseObject({ shortest_edge: z.number(), longest_edge: z.number() });
const processorSchema = z.looseObject({ size: edgesSchema.optional() });
const idsSchema = z.union([z.number().int(), z.array(z.number().int())]);
const generationSchema = z.looseObject({
  eos_token_id: idsSchema.nullish(),
  top_k: z.number().int().nullish(),
  top_p: z.number().nullish(),
  repetition_penalty: z.number().nullish(),
});
const tokenizerConfigSchema = z.looseObject({
  model_max_length: z.number().nullish(),
  chat_template: z.unknown().optional(),
  eos_token: z.union([z.string(), z.looseObject({ content: z.string() })]).nullish(),
});
const NO_TOKENIZER_CONFIG: z.infer<typeof tokenizerConfigSchema> = {};
const NO_GENERATION_CONFIG: z.infer<typeof generationSchema> = {};
const manifestSchema = z.looseObject({
  format: z.literal('ktpflow-qwen3vl'),
  formatVersion: z.union([z.literal(1), z.literal(2)]),
  deepstack: z.boolean(),
  source: z.looseObject({ model: z.string().nullish(), revision: z.string().nullish() }),
  precision: z.record(z.string(), z.union([z.string(), z.number()]).nullable()),
});

export type ModelManifest = z.infer<typeof manifestSchema>;

/** What stands in a model's folder, read and checked; the graphs by their paths. */
export interface ModelFolder {
  readonly graphs: { readonly vision: string; readonly embedding: string; readonly decoder: string };
  /** null: not made by our exporter. */
  readonly manifest: ModelManifest | null;
  readonly imageTokenId: number;
  readonly videoTokenId: number;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  /** Prompt and answer together, as the model was trained; null where it is not said. */
  readonly maxPositions: number | null;
  readonly tokenizerMaxLength: number | null;
  readonly images: PixelBudget;
  readonly videos: PixelBudget;
  readonly tokenizerJson: unknown;
  readonly tokenizerConfig: unknown;
  readonly chatTemplate: string;
  readonly stopTokens: readonly (number | string)[];
  /** What the model's makers sample with where a request says nothing. */
  readonly defaults: { readonly topK: number; readonly topP: number; readonly repetitionPenalty: number };
}

/** Published with the model; a folder without the processor's file gets them. */
const IMAGE_BUDGET = { shortest_edge: 65_536, longest_edge: 16_777_216 };
const VIDEO_BUDGET = { shortest_edge: 4_096, longest_edge: 25_165_824 };

/** Precisions of a public export, the careful one first; the suffixes are those of transformers.js. */
const SUFFIXES = ['', '_fp16', '_q8', '_int8', '_quantized', '_q4', '_q4f16'];

/**
 * Reads the folder of an export: ours, or a public one (graphs in `onnx/`, no manifest).
 * @throws ModelFolderError
 */
export async function readModelFolder(folder: string): Promise<ModelFolder> {
  const entries = await readdir(folder).catch(() => {
    throw new ModelFolderError('the folder of VLM_MODEL_DIR cannot be read');
  });
  const read = <Schema extends z.ZodType>(name: string, schema: Schema) => readJson(folder, name, schema);
  const config = required(await read('config.json', configSchema), 'config.json');
  if (config.model_type !== 'qwen3_vl') {
    throw new ModelFolderError('config.json is not that of a Qwen3-VL (model_type qwen3_vl)');
  }
  const tokenizerJson = required(await read('tokenizer.json', z.unknown()), 'tokenizer.json');
  const tokenizerConfig = (await read('tokenizer_config.json', tokenizerConfigSchema)) ?? NO_TOKENIZER_CONFIG;
  const generation = (await read('generation_config.json', generationSchema)) ?? NO_GENERATION_CONFIG;
  const manifest = entries.includes('manifest.json') ? await read('manifest.json', manifestSchema) : null;
  const processors = z.looseObject({ image_processor: processorSchema, video_processor: processorSchema });
  const both = await read('processor_config.json', processors.partial());
  const image = (await read('preprocessor_config.json', processorSchema)) ?? both?.image_processor;
  const video = (await read('video_preprocessor_config.json', processorSchema)) ?? both?.video_processor;
  const eos = tokenizerConfig.eos_token;
  const maxLength = tokenizerConfig.model_max_length;
  const graphs = await findGraphs(folder, entries);
  await checkGraphFiles(folder, Object.values(graphs));
  return {
    graphs,
    manifest,
    imageTokenId: config.image_token_id,
    videoTokenId: config.video_token_id,
    hiddenSize: config.text_config.hidden_size,
    vocabularySize: config.text_config.vocab_size,
    maxPositions: config.text_config.max_position_embeddings ?? null,
    // Tokenizers without a limit say so by an enormous number.
    tokenizerMaxLength: maxLength && maxLength < 1e9 ? maxLength : null,
    images: budgetOf(image?.size ?? IMAGE_BUDGET),
    videos: budgetOf(video?.size ?? VIDEO_BUDGET),
    tokenizerJson,
    tokenizerConfig,
    chatTemplate: await readTemplate(folder, tokenizerConfig.chat_template),
    stopTokens: [
      ...[generation.eos_token_id ?? []].flat(),
      ...(eos ? [typeof eos === 'string' ? eos : eos.content] : []),
    ],
    defaults: {
      topK: generation.top_k ?? 0,
      topP: generation.top_p ?? 1,
      repetitionPenalty: generation.repetition_penalty ?? 1,
    },
  };
}

async function findGraphs(folder: string, entries: readonly string[]): Promise<ModelFolder['graphs']> {
  const inner = entries.includes('onnx') ? (await readdir(join(folder, 'onnx'))).map((name) => join('onnx', name)) : [];
  const all = new Set([...entries, ...inner]);
  const find = (name: string): string => {
    for (const prefix of ['', 'onnx/']) {
      for (const suffix of SUFFIXES) {
        const path = join(prefix, `${name}${suffix}.onnx`);
        if (all.has(path)) return join(folder, path);
      }
    }
    throw new ModelFolderError(`the folder of VLM_MODEL_DIR has no ${name}.onnx`);
  };
  return { vision: find('vision_encoder'), embedding: find('embed_tokens'), decoder: find('decoder_model_merged') };
}

async function readTemplate(folder: string, inConfig: unknown): Promise<string> {
  const file = await readFile(join(folder, 'chat_template.jinja'), 'utf8').catch(() => null);
  if (file !== null) return file;
  const json = await readJson(folder, 'chat_template.json', z.looseObject({ chat_template: z.string() }));
  if (json) return json.chat_template;
  if (typeof inConfig === 'string') return inConfig;
  throw new ModelFolderError('the folder of VLM_MODEL_DIR has no chat_template.jinja');
}

async function readJson<Schema extends z.ZodType>(
  folder: string,
  name: string,
  schema: Schema,
): Promise<z.infer<Schema> | null> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new ModelFolderError(`${name} in the folder of VLM_MODEL_DIR is damaged, or not what this version reads`);
  }
}

function required<Value>(value: Value | null, name: string): Value {
  if (value === null) throw new ModelFolderError(`the folder of VLM_MODEL_DIR has no ${name}`);
  return value;
}

function budgetOf({ shortest_edge, longest_edge }: z.infer<typeof edgesSchema>): PixelBudget {
  return { minPixels: shortest_edge, maxPixels: longest_edge };
}
