/**
 * What an exported Qwen3-VL costs on this machine, through the engine that the platform uses:
 * `npx tsx bench/vlm.ts FOLDER [--threads N] [--rounds N] [--flat N]`. Prints milliseconds and memory of a whole card
 * (about 500 tokens of picture, 220 answered) and of two doubtful fields on cut-outs. A folder of random weights
 * (`tools/export-qwen3vl/export.py --random 2b`) gets a stand-in tokenizer.
 */
import { readFileSync } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import type { Engine, EngineContentPart } from '../src/inference/engine.ts';
import { createOnnxQwen3VlEngine } from '../src/inference/onnx-qwen3vl/onnx-qwen3vl-engine.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: String(availableParallelism()) },
    rounds: { type: 'string', default: '2' },
    /** So many short answers in a row, to see whether memory grows. */
    flat: { type: 'string', default: '0' },
    chunk: { type: 'string', default: '128' },
  },
});
const [folder] = positionals;
if (!folder) throw new Error('name the folder of an export');

/** The tokenizer of the tests' tiny model, its control tokens moved to where the real model has them. */
async function addStandInTokenizer(target: string): Promise<void> {
  const tiny = new URL('../test/fixtures/qwen3vl-tiny/model/', import.meta.url);
  const config = JSON.parse(await readFile(join(target, 'config.json'), 'utf8')) as { image_token_id: number };
  const tokenizer = JSON.parse(readFileSync(new URL('tokenizer.json', tiny), 'utf8')) as {
    added_tokens: { id: number; content: string }[];
  };
  const image = tokenizer.added_tokens.find(({ content }) => content === '<|image_pad|>');
  const shift = config.image_token_id - (image?.id ?? 0);
  for (const token of tokenizer.added_tokens) token.id += shift;
  await writeFile(join(target, 'tokenizer.json'), JSON.stringify(tokenizer));
  for (const name of ['tokenizer_config.json', 'chat_template.jinja'])
    await copyFile(new URL(name, tiny), join(target, name));
}

function memory(): string {
  const status = readFileSync('/proc/self/status', 'utf8');
  const of = (name: string) => (Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1e6).toFixed(2);
  return `${of('VmRSS')} GB, peak ${of('VmHWM')} GB`;
}

/** Of all threads; on a busy machine this, over the number of threads, is what an idle one would need. */
function cpuSeconds(before: NodeJS.CpuUsage): number {
  const { system, user } = process.cpuUsage(before);
  return (system + user) / 1e6;
}

async function picture(width: number, height: number): Promise<EngineContentPart> {
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 40 };
  const bytes = await sharp({ create: { width, height, channels: 3, background: '#888', noise } })
    .png()
    .toBuffer();
  return { type: 'image', mimeType: 'image/png', bytes };
}

async function measure(engine: Engine, name: string, parts: EngineContentPart[], maxTokens: number): Promise<void> {
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  let first = 0;
  let cpuFirst = 0;
  let usage: { promptTokens: number; completionTokens: number } | null = null;
  const request = {
    messages: [{ role: 'user' as const, content: [...parts, { type: 'text' as const, text: 'Baca NIK dan nama.' }] }],
    // As a model is asked as a rule; random weights neither stop early nor loop then.
    sampling: { maxTokens, temperature: 0.7, seed: 1 },
    responseFormat: { type: 'text' as const },
  };
  for await (const part of engine.generate(request, { signal: new AbortController().signal })) {
    if (first === 0) {
      first = performance.now() - started;
      cpuFirst = cpuSeconds(cpuBefore);
    }
    if (part.type === 'finish') usage = part.usage;
  }
  const total = performance.now() - started;
  const decoded = (usage?.completionTokens ?? 1) - 1;
  const perToken = decoded > 0 ? (total - first) / decoded : 0;
  console.log(
    `${name}: ${usage?.promptTokens} prompt tokens, first text after ${(first / 1000).toFixed(2)} s, ` +
      `${usage?.completionTokens} answered, about ${perToken.toFixed(0)} ms each, ${(total / 1000).toFixed(2)} s in all ` +
      `(CPU: ${cpuFirst.toFixed(2)} s, then ${decoded > 0 ? (((cpuSeconds(cpuBefore) - cpuFirst) * 1000) / decoded).toFixed(0) : 0} ms a token); ${memory()}`,
  );
}

if (!(await readFile(join(folder, 'tokenizer.json')).catch(() => null))) await addStandInTokenizer(folder);
const engine = createOnnxQwen3VlEngine({
  id: 'bench',
  modelId: 'bench',
  folder,
  threads: Number(values.threads),
  concurrency: 1,
  contextTokens: 8192,
  chunkTokens: Number(values.chunk),
  maxImagePixels: 524_288,
  eager: true,
});
const loading = performance.now();
while (!(await engine.readiness()).ready) await new Promise((resolve) => setTimeout(resolve, 50));
console.log(`loaded in ${((performance.now() - loading) / 1000).toFixed(1)} s; ${memory()}`);
for (let round = 0; round < Number(values.rounds); round++) {
  await measure(engine, 'picture alone ', [await picture(896, 576)], 1);
  await measure(engine, 'whole card    ', [await picture(896, 576)], 220);
  await measure(engine, 'text, 500     ', [{ type: 'text', text: 'kata '.repeat(250) }], 1);
  await measure(engine, 'two fields    ', [await picture(512, 64), await picture(512, 64)], 48);
}
for (let count = 1; count <= Number(values.flat); count++) {
  const parts = [await picture(256, 64)];
  const request = {
    messages: [{ role: 'user' as const, content: parts }],
    sampling: { maxTokens: 4, temperature: 1, seed: count },
    responseFormat: { type: 'text' as const },
  };
  for await (const part of engine.generate(request, { signal: new AbortController().signal })) void part;
  if (count % 50 === 0) console.log(`${count} answers: ${memory()}`);
}
await engine.close();
