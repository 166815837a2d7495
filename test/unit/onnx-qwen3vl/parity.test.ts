import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Qwen3VlGraphs } from '../../../src/inference/onnx-qwen3vl/graphs.ts';
import { Qwen3Vl } from '../../../src/inference/onnx-qwen3vl/model.ts';
import { resizeBicubic } from '../../../src/inference/onnx-qwen3vl/resize-bicubic.ts';
import { Sequence } from '../../../src/inference/onnx-qwen3vl/sequence.ts';
import {
  engineMessages,
  fixtureFile,
  GOLDEN_CASES,
  type GoldenCase,
  goldenCase,
  TINY_MODEL,
} from '../../support/qwen3vl-tiny.ts';

const OPTIONS = { folder: TINY_MODEL, threads: 2, contextTokens: 4096, chunkTokens: 48 };
const CASES = GOLDEN_CASES.map((example) => [example.name, example] as const);
const PICTURED = CASES.filter(([name]) => name !== 'text');
let model: Qwen3Vl;

beforeAll(async () => {
  model = await Qwen3Vl.load(OPTIONS);
});
afterAll(() => model?.close());

async function prepare(example: GoldenCase) {
  const { ids, media } = await model.prepare(engineMessages(example), example.prefix);
  return { ids, media, placeholders: model.placeholders, chunkTokens: model.chunkTokens };
}

function likeliest(logits: Float32Array): number {
  return logits.indexOf(Math.max(...logits));
}

/** Greedy tokens of the runner's own path: pixels, prompt, positions, chunks, caches. */
async function greedy(
  example: GoldenCase,
  { graphs = model.graphs, chunkTokens = model.chunkTokens }: { graphs?: Qwen3VlGraphs; chunkTokens?: number } = {},
): Promise<{ tokens: number[]; first: Float32Array }> {
  const sequence = new Sequence(graphs, { ...(await prepare(example)), chunkTokens });
  let logits: Float32Array | null = null;
  while (!logits) logits = await sequence.readOn();
  const first = logits;
  const tokens = [likeliest(logits)];
  while (tokens.length < example.tokens.length) {
    logits = await sequence.feed(tokens.at(-1) ?? 0);
    tokens.push(likeliest(logits));
  }
  return { tokens, first };
}

/** The same graphs with something changed in what goes through them. */
function faulty(change: Partial<Pick<Qwen3VlGraphs, 'encode' | 'decode'>>): Qwen3VlGraphs {
  return new Proxy(model.graphs, {
    get(target, key) {
      const changed = Reflect.get(change, key);
      if (changed) return changed;
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('greedy tokens', () => {
  it.each(CASES)('are those of the reference: %s', async (_name, example) => {
    expect((await prepare(example)).ids).toEqual(example.promptIds);
    expect(example.tokens.length).toBeGreaterThanOrEqual(64);
    const { tokens, first } = await greedy(example);
    for (const [id, logit] of example.firstLogits) expect(Math.abs((first[id] ?? 0) - logit)).toBeLessThan(0.02);
    expect(tokens).toEqual(example.tokens);
  });

  it('do not depend on how the prompt is cut into chunks', async () => {
    const example = goldenCase('long prompt');
    for (const chunkTokens of [7, 4096]) {
      expect((await greedy(example, { chunkTokens })).tokens).toEqual(example.tokens);
    }
  });

  it.each(PICTURED)('differ without DeepStack, and with its layers in the wrong order: %s', async (_name, example) => {
    const changed = (change: (taps: readonly Float32Array[]) => Float32Array[]) =>
      faulty({
        encode: async (patches) => {
          const encoded = await model.graphs.encode(patches);
          return { ...encoded, deepstack: change(encoded.deepstack ?? []) };
        },
      });
    const zeroed = changed((taps) => taps.map((tap) => new Float32Array(tap.length)));
    const reversed = changed((taps) => [...taps].reverse());
    for (const graphs of [zeroed, reversed]) {
      expect((await greedy(example, { graphs })).tokens).not.toEqual(example.tokens);
    }
  });

  it('differ with positions of one dimension', async () => {
    const example = goldenCase('one image');
    const graphs = faulty({
      decode: (call, caches) => {
        const row = Int32Array.from(call.positions[0], (_entry, index) => call.past + index);
        return model.graphs.decode({ ...call, positions: [row, row, row] }, caches);
      },
    });
    expect((await greedy(example, { graphs })).tokens).not.toEqual(example.tokens);
  });
});

describe('resizing', () => {
  it.each(['wide', 'tall'])('differs from the reference by at most 1 of 255: %s', async (name) => {
    const raw = async (file: string) => {
      const { data, info } = await sharp(fixtureFile(file)).raw().toBuffer({ resolveWithObject: true });
      return { data, width: info.width, height: info.height };
    };
    const want = await raw(`media/${name}-resized.png`);
    const { data } = resizeBicubic(await raw(`media/${name}.jpg`), want);
    const differences = data.map((value, index) => Math.abs(value - (want.data[index] ?? 0)));
    expect(differences.reduce((most, difference) => Math.max(most, difference), 0)).toBeLessThanOrEqual(1);
    expect(differences.reduce((sum, difference) => sum + difference, 0) / data.length).toBeLessThan(0.1);
  });
});

describe('an export in the public layout, without DeepStack', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ktpflow-public-'));
    await mkdir(join(folder, 'onnx'));
    for (const name of await readdir(TINY_MODEL)) {
      if (name === 'manifest.json' || name === 'decoder_model_merged.onnx') continue;
      // ONNX Runtime follows no link out of a graph's folder.
      const inner = name.includes('.onnx');
      if (inner) await copyFile(join(TINY_MODEL, name), join(folder, 'onnx', name));
      else await symlink(join(TINY_MODEL, name), join(folder, name));
    }
    const decoder = new URL('../../fixtures/qwen3vl-tiny/decoder-without-deepstack.onnx', import.meta.url);
    await copyFile(decoder, join(folder, 'onnx', 'decoder_model_merged.onnx'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('loads with a warning, answers text as the reference does, and pictures otherwise', async () => {
    const other = await Qwen3Vl.load({ ...OPTIONS, folder });
    try {
      expect(model.warning).toBeNull();
      expect(other.warning).toMatch(/DeepStack/);
      expect([model.graphs.cacheOutput, other.graphs.cacheOutput]).toEqual(['rows', 'whole']);
      const text = goldenCase('text');
      expect((await greedy(text, { graphs: other.graphs })).tokens).toEqual(text.tokens);
      const image = goldenCase('one image');
      expect((await greedy(image, { graphs: other.graphs })).tokens).not.toEqual(image.tokens);
    } finally {
      await other.close();
    }
  });

  it('answers as the reference does where it is one of our earlier exports, whose decoder puts whole caches out', async () => {
    const manifest = { format: 'ktpflow-qwen3vl', formatVersion: 1, deepstack: false, cacheInPlace: true };
    await writeFile(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, source: {}, precision: {} }));
    const other = await Qwen3Vl.load({ ...OPTIONS, folder });
    try {
      const text = goldenCase('text');
      for (const chunkTokens of [5, 48]) {
        expect((await greedy(text, { graphs: other.graphs, chunkTokens })).tokens).toEqual(text.tokens);
      }
    } finally {
      await other.close();
    }
  });
});
