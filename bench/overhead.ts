import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { createCardReaderPool } from '../src/inference/card-reader/pool.ts';
import { modelPathsIn, modelsFolder } from './model-paths.ts';

/**
 * What API, Temporal, codec and database add to a card: `POST /ktp-ocr/` on a running, idle platform against the bare
 * pipeline in this process, on the same image, alternating, so that a busy machine disturbs both alike. Budget
 * (docs/budgets.md): at most 80 ms at p50.
 *
 *   npm start &
 *   npx tsx bench/overhead.ts --count 40
 */
const whole = (text: string): number => Number.parseInt(text, 10);
const options = new Command('overhead')
  .option('--url <url>', 'the platform', 'http://127.0.0.1:3000')
  .option('--key <key>', 'its key, where it has one')
  .option('--image <file>', 'the card', fileURLToPath(new URL('../examples/ktp-1.jpg', import.meta.url)))
  .option('--count <n>', 'readings of each kind', whole, 40)
  .option('--warm-up <n>', 'readings of each kind before them', whole, 5)
  .option('--models <folder>', 'where the PP-OCR models lie')
  .parse()
  .opts<{ url: string; key?: string; image: string; count: number; warmUp: number; models?: string }>();

const models = await modelsFolder(options.models);

interface Sample {
  /** Milliseconds of the whole request. */
  readonly request: number;
  /** Milliseconds of the steps that the answer's Server-Timing names. */
  readonly steps: number;
  /** Milliseconds of the bare pipeline. */
  readonly bare: number;
}

async function main(): Promise<void> {
  const image = await readFile(options.image);
  const pool = createCardReaderPool({
    modelPaths: modelPathsIn(models),
    // As the platform's own pool: a second set of models makes each run of one slower by a hundredth.
    threads: availableParallelism(),
  });
  await pool.ready;
  const samples: Sample[] = [];
  try {
    for (let index = -options.warmUp; index < options.count; index++) {
      const { request, steps } = await timeRequest(image);
      const startedAt = performance.now();
      await pool.read(image);
      const bare = performance.now() - startedAt;
      if (index >= 0) samples.push({ request, steps, bare });
    }
  } finally {
    await pool.close();
  }
  print(samples);
}

async function timeRequest(image: Buffer): Promise<{ request: number; steps: number }> {
  const body = new FormData();
  body.append('image', new Blob([new Uint8Array(image)], { type: 'image/jpeg' }), 'card.jpg');
  const headers = new Headers(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` });
  const startedAt = performance.now();
  const response = await fetch(`${options.url}/ktp-ocr/`, { method: 'POST', body, headers });
  await response.arrayBuffer();
  const request = performance.now() - startedAt;
  if (response.status !== 200) throw new Error(`the platform answered with ${response.status}`);
  const timings = response.headers.get('server-timing') ?? '';
  const steps = [...timings.matchAll(/dur=([\d.]+)/g)].reduce((sum, [, milliseconds]) => sum + Number(milliseconds), 0);
  return { request, steps };
}

function print(samples: readonly Sample[]): void {
  const row = (name: string, values: readonly number[]) =>
    console.log(`| ${name.padEnd(52)} | ${format(quantile(values, 0.5))} | ${format(quantile(values, 0.95))} |`);
  console.log(`${samples.length} readings of each kind, alternating; milliseconds\n`);
  console.log(`| ${''.padEnd(52)} |    p50 |    p95 |`);
  console.log(`| ${'-'.repeat(52)} | ------ | ------ |`);
  row(
    'POST /ktp-ocr/',
    samples.map(({ request }) => request),
  );
  row(
    'bare pipeline',
    samples.map(({ bare }) => bare),
  );
  row(
    'difference of each pair',
    samples.map(({ request, bare }) => request - bare),
  );
  row(
    'request without the steps of its own Server-Timing',
    samples.map(({ request, steps }) => request - steps),
  );
}

/** Value at a share of 0-1, nearest rank. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function format(milliseconds: number): string {
  return milliseconds.toFixed(1).padStart(6);
}

await main();
