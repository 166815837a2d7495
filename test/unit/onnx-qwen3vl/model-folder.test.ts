import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Qwen3Vl } from '../../../src/inference/onnx-qwen3vl/model.ts';
import { readModelFolder } from '../../../src/inference/onnx-qwen3vl/model-folder.ts';
import { TINY_MODEL } from '../../support/qwen3vl-tiny.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ktpflow-model-'));
  await cp(TINY_MODEL, folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

describe('the folder of a model', () => {
  it.each([
    'config.json',
    'tokenizer.json',
    'chat_template.jinja',
    'embed_tokens.onnx',
    'decoder_model_merged.onnx_data',
  ])('without %s is named for what it lacks: the runtime says nothing that helps', async (name) => {
    await rm(join(folder, name));
    await expect(readModelFolder(folder)).rejects.toThrow(`the folder of VLM_MODEL_DIR has no ${name}`);
  });

  it('that was not copied whole is known by a size, before the runtime maps what is not there', async () => {
    await truncate(join(folder, 'vision_encoder.onnx_data'), 1000);
    await expect(readModelFolder(folder)).rejects.toThrow(
      /^vision_encoder.onnx_data .* has 1000 bytes instead of \d+: it was not copied whole$/,
    );
  });

  it('of another model, or with a damaged file, says so', async () => {
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, model_type: 'qwen3_5' }));
    await expect(readModelFolder(folder)).rejects.toThrow('not that of a Qwen3-VL');
    await writeFile(join(folder, 'config.json'), '{');
    await expect(readModelFolder(folder)).rejects.toThrow('config.json in the folder of VLM_MODEL_DIR is damaged');
  });

  it('may have other settings than it was exported with', async () => {
    await writeFile(join(folder, 'generation_config.json'), '{"top_k": 3}');
    expect((await readModelFolder(folder)).defaults.topK).toBe(3);
  });

  it('without a record of sizes whose graph is damaged names the graph', async () => {
    await rm(join(folder, 'manifest.json'));
    await writeFile(join(folder, 'embed_tokens.onnx'), 'no graph');
    const load = Qwen3Vl.load({ folder, threads: 1, contextTokens: 64, chunkTokens: 8 });
    await expect(load).rejects.toThrow('embed_tokens.onnx cannot be loaded');
  });
});
