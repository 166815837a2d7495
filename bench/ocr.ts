/**
 * Where the time of reading a card goes, step by step, and what threads make of it:
 *
 *     npx tsx bench/ocr.ts [--cards 6] [--levels photo,tilt] [--pool 1x2,2x1,2x2] [--models FOLDER]
 *
 * Times are milliseconds of the wall clock, and of processor time, which other work on the machine disturbs less.
 */

import { Command } from 'commander';
import { createCardReaderPool } from '../src/inference/card-reader/pool.ts';
import { readCard } from '../src/inference/card-reader/read-card.ts';
import { createPpOcr, type PpOcr } from '../src/inference/ppocr/ppocr.ts';
import type { LevelName } from '../tools/make-cards/levels.ts';
import { degrade } from '../tools/make-cards/sample.ts';
import { modelPathsIn, modelsFolder } from './model-paths.ts';

const options = new Command('ocr')
  .option('--cards <n>', 'cards a level', '6')
  .option('--levels <names>', 'levels of the card generator', 'scan,photo,tilt,small')
  .option('--pool <shapes>', 'threads x intra-op threads, or none', '1x2,2x1,2x2')
  .option('--models <folder>', 'where the PP-OCR models are')
  .parse()
  .opts<{ cards: string; levels: string; pool: string; models?: string }>();

const modelPaths = modelPathsIn(await modelsFolder(options.models));

interface Meter {
  calls: number;
  wall: number;
  cpu: number;
  /** Thousands of pixels that a model saw, or lines. */
  amount: number;
}

const meters = new Map<string, Meter>();

async function measure<T>(step: string, amount: number, work: () => Promise<T>): Promise<T> {
  const meter = meters.get(step) ?? { calls: 0, wall: 0, cpu: 0, amount: 0 };
  meters.set(step, meter);
  const cpu = process.cpuUsage();
  const started = performance.now();
  const value = await work();
  const used = process.cpuUsage(cpu);
  meter.calls++;
  meter.wall += performance.now() - started;
  meter.cpu += (used.user + used.system) / 1000;
  meter.amount += amount;
  return value;
}

function metered(ocr: PpOcr): PpOcr {
  return {
    ...ocr,
    detect: (picture, window) =>
      measure('detect', (window.width * window.height) / 1000, () => ocr.detect(picture, window)),
    recognise: (picture, quads, settings) =>
      measure('recognise', quads.length, () => ocr.recognise(picture, quads, settings)),
  };
}

async function steps(cards: readonly Buffer[]): Promise<void> {
  const ocr = await createPpOcr(modelPaths);
  const [first] = cards;
  if (first) await readCard(ocr, first);
  meters.clear();
  const instrumented = metered(ocr);
  let prepare = 0;
  let assemble = 0;
  for (const card of cards) {
    const { timingsMs } = await measure('card', 1, () => readCard(instrumented, card));
    prepare += timingsMs.prepare;
    assemble += timingsMs.assemble;
  }
  const share = (total: number): number => Math.round(total / cards.length);
  const row = (name: string): Record<string, number | string> => {
    const meter = meters.get(name) ?? { calls: 0, wall: 0, cpu: 0, amount: 0 };
    return {
      'wall ms': share(meter.wall),
      'cpu ms': share(meter.cpu),
      calls: (meter.calls / cards.length).toFixed(1),
      amount: (meter.amount / cards.length).toFixed(0),
    };
  };
  console.log(`\nA card, one thread (mean of ${cards.length}; amount: thousand pixels detected, lines recognised)`);
  console.table({
    'decode (prepare)': { 'wall ms': share(prepare) },
    detect: row('detect'),
    recognise: row('recognise'),
    'fields and quality (assemble)': { 'wall ms': share(assemble) },
    'whole card': row('card'),
  });
  await ocr.close();
}

async function pool(cards: readonly Buffer[], shape: string): Promise<Record<string, number>> {
  const [threads = 1, intraOpThreads = 1] = shape.split('x').map(Number);
  const started = performance.now();
  const readers = createCardReaderPool({ modelPaths, threads, intraOpThreads });
  await readers.ready;
  const ready = performance.now() - started;
  await Promise.all(cards.map((card) => readers.read(card)));
  let lag = 0;
  let last = performance.now();
  const clock = setInterval(() => {
    lag = Math.max(lag, performance.now() - last - 5);
    last = performance.now();
  }, 5);
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const queue = [...cards, ...cards];
  const worker = async (): Promise<void> => {
    for (let card = queue.pop(); card; card = queue.pop()) {
      const start = performance.now();
      await readers.read(card);
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: threads }, worker));
  const wall = performance.now() - begun;
  const used = process.cpuUsage(cpu);
  clearInterval(clock);
  latencies.sort((p, q) => p - q);
  const result = {
    'ready ms': Math.round(ready),
    'cards/s': Math.round((latencies.length / wall) * 100_000) / 100,
    'p50 ms': Math.round(latencies[latencies.length >> 1] ?? 0),
    'cpu ms a card': Math.round((used.user + used.system) / 1000 / latencies.length),
    'loop lag ms': Math.round(lag),
    'RSS MB': Math.round(process.memoryUsage().rss / 1e6),
  };
  await readers.close();
  return result;
}

const cards: Buffer[] = [];
for (const level of options.levels.split(',')) {
  for (let seed = 1; seed <= Number(options.cards); seed++) {
    cards.push((await degrade(`bench/${seed}`, level as LevelName, 'moderate')).jpeg);
  }
}
await steps(cards);
if (options.pool !== 'none') {
  const shapes: Record<string, Record<string, number>> = {};
  for (const shape of options.pool.split(',')) shapes[shape] = await pool(cards, shape);
  console.log('\nThreads x intra-op threads of a pool');
  console.table(shapes);
}
