/**
 * What our own runner adds to its graphs, token by token: `npx tsx bench/vlm-steps.ts FOLDER [--threads N] [--prompt N]
 * [--tokens N]`. A text of about so many tokens is read; then steps of an answer take turns with calls of the bare
 * graphs at the same length, so that whatever else the machine does meets both. The lower quartile of wall and CPU time
 * is printed. `tools/export-qwen3vl/real_size_compare.py time` measures the graphs from Python.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Tensor } from 'onnxruntime-node';
import { startGeneration } from '../src/inference/onnx-qwen3vl/generation.ts';
import { Qwen3Vl } from '../src/inference/onnx-qwen3vl/model.ts';
import { addStandInTokenizer } from './stand-in-tokenizer.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: String(availableParallelism()) },
    prompt: { type: 'string', default: '530' },
    tokens: { type: 'string', default: '64' },
  },
});
const [folder] = positionals;
if (!folder) throw new Error('name the folder of an export');

interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const started = performance.now();
  const before = process.cpuUsage();
  await work();
  const { system, user } = process.cpuUsage(before);
  return { wall: performance.now() - started, cpu: (system + user) / 1000 };
}

function lowerQuartile(costs: readonly Cost[], of: keyof Cost): number {
  const sorted = costs.map((cost) => cost[of]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 4)] ?? Number.NaN;
}

await addStandInTokenizer(folder);
const options = { folder, threads: Number(values.threads), contextTokens: 8192, chunkTokens: 128 };
const model = await Qwen3Vl.load(options);
/** Caches of the bare graphs, with as much room as the runner's have. */
function makeRoom(past: number): void {
  const { graphs } = model;
  const room = graphs.cacheOutput === 'rows' ? Math.ceil(past / 64) * 64 : past;
  for (const { name, heads, headSize, shape } of graphs.caches) {
    if (idle.get(name)?.size === heads * room * headSize) continue;
    idle.set(name, new Tensor('float32', new Float32Array(heads * room * headSize).fill(0.01), shape(room)));
  }
}

/** The graphs alone, behind so many tokens: nothing is kept, nothing chosen. */
async function bare(past: number): Promise<void> {
  const { graphs } = model;
  const position = Int32Array.of(past);
  const embeds = await graphs.embed([5]);
  await graphs.decode({ embeds, positions: [position, position, position], deepstack: null, past }, idle);
}
const idle = new Map<string, Tensor>();

const words = 'a '.repeat(Number(values.prompt));
const generation = await startGeneration(model, {
  messages: [{ role: 'user', content: [{ type: 'text', text: words }] }],
  // As the makers of Qwen3-VL have set it; a folder of random weights does not say.
  sampling: { maxTokens: Number(values.tokens), temperature: 0.7, topK: 20, topP: 0.8, seed: 1 },
  responseFormat: { type: 'text' },
});
const runner: Cost[] = [];
const graphs: Cost[] = [];
const { ids } = await model.prepare([{ role: 'user', content: [{ type: 'text', text: words }] }], '');
for (let read = 0; read < ids.length; read += options.chunkTokens) await generation.step();
for (let token = 1; ; token++) {
  let finished = false;
  runner.push(await costOf(async () => (finished = (await generation.step()).finish !== null)));
  if (finished) break;
  // Not called twice: each reads its own caches behind the other's, so that neither finds them in the processor's.
  makeRoom(ids.length + token);
  graphs.push(await costOf(() => bare(ids.length + token)));
}
generation.close();
await model.close();
const line = (costs: readonly Cost[]) =>
  `${lowerQuartile(costs, 'wall').toFixed(1)} ms (CPU ${lowerQuartile(costs, 'cpu').toFixed(1)} ms)`;
console.log(
  `behind ${ids.length} tokens, ${values.threads} threads: a token of the runner ${line(runner)}, of its bare graphs ${line(graphs)}`,
);
