/**
 * What an exported Qwen3-VL costs on this machine, through the engine that the platform uses:
 * `npx tsx bench/vlm.ts FOLDER [--threads N] [--rounds N] [--flat N]`. Prints milliseconds and memory of a whole card
 * (about 500 tokens of picture, all fields asked, 220 tokens answered) and of two doubtful fields, each beside a known
 * one, on cut-outs. A folder of random weights (`tools/export-qwen3vl/export.py --random 2b`) gets a stand-in tokenizer,
 * which needs about twice the tokens for the words of a prompt.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import type { Engine, EngineContentPart } from '../src/inference/engine.ts';
import { createOnnxQwen3VlEngine } from '../src/inference/onnx-qwen3vl/onnx-qwen3vl-engine.ts';
import { FIELD_NAMES, type FieldName } from '../src/ktp/field-names.ts';
import { promptFor } from '../src/ktp/vlm/prompt.ts';
import { addStandInTokenizer } from './stand-in-tokenizer.ts';

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

function memory(): string {
  const status = readFileSync('/proc/self/status', 'utf8');
  const of = (name: string) => (Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1e6).toFixed(2);
  // The rest is of files that are mapped, weights above all: each word that is new touches another page of them.
  return `${of('VmRSS')} GB, ${of('RssAnon')} of it the process's own, peak ${of('VmHWM')} GB`;
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

const text = (words: string): EngineContentPart => ({ type: 'text', text: words });

interface Run {
  readonly seconds: number;
  readonly cpu: number;
  readonly promptTokens: number;
  readonly tokens: number;
}

async function run(engine: Engine, content: EngineContentPart[], maxTokens: number): Promise<Run> {
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  let usage: { promptTokens: number; completionTokens: number } | null = null;
  const request = {
    messages: [{ role: 'user' as const, content }],
    // As a model is asked as a rule; random weights neither stop early nor loop then.
    sampling: { maxTokens, temperature: 0.7, seed: 1 },
    responseFormat: { type: 'text' as const },
  };
  for await (const part of engine.generate(request, { signal: new AbortController().signal })) {
    if (part.type === 'finish') usage = part.usage;
  }
  return {
    seconds: (performance.now() - started) / 1000,
    cpu: cpuSeconds(cpuBefore),
    promptTokens: usage?.promptTokens ?? 0,
    tokens: usage?.completionTokens ?? 0,
  };
}

/** Twice: to the first token, and to the last. Tokens of random weights need not be text, so none is waited for. */
async function measure(engine: Engine, name: string, content: EngineContentPart[], maxTokens: number): Promise<void> {
  const first = await run(engine, content, 1);
  const whole = await run(engine, content, maxTokens);
  const perToken = (from: number, to: number) => ((1000 * (to - from)) / Math.max(1, whole.tokens - 1)).toFixed(0);
  console.log(
    `${name}: ${whole.promptTokens} prompt tokens, the first answered after ${first.seconds.toFixed(2)} s, ${whole.tokens} ` +
      `answered, ${perToken(first.seconds, whole.seconds)} ms each, ${whole.seconds.toFixed(2)} s in all (CPU: ` +
      `${first.cpu.toFixed(2)} s, then ${perToken(first.cpu, whole.cpu)} ms a token); ${memory()}`,
  );
}

await addStandInTokenizer(folder);
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
const card = await picture(896, 576);
// As wide as the cut-outs of these fields are.
const asked: readonly FieldName[] = ['nik', 'nama', 'tgl_lahir', 'kecamatan'];
const cutOuts = await Promise.all([528, 400, 288, 288].map((width) => picture(width, 64)));
for (let round = 0; round < Number(values.rounds); round++) {
  await measure(engine, 'short prompt  ', [card, text('Baca NIK dan nama.')], 24);
  await measure(engine, 'whole card    ', [card, text(promptFor(FIELD_NAMES, false))], 220);
  await measure(engine, 'two fields    ', [...cutOuts, text(promptFor(asked, true))], 72);
}
/** Cut-outs of several sizes: memory must not keep one of each. */
const WIDTHS = [64, 256, 512, 640];
for (let count = 1; count <= Number(values.flat); count++) {
  const width = WIDTHS[count % WIDTHS.length] ?? 64;
  const request = {
    messages: [{ role: 'user' as const, content: [await picture(width, 64)] }],
    sampling: { maxTokens: 4, temperature: 1, seed: count },
    responseFormat: { type: 'text' as const },
  };
  for await (const part of engine.generate(request, { signal: new AbortController().signal })) void part;
  if (count % 20 === 0) console.log(`${count} answers: ${memory()}`);
}
await engine.close();
