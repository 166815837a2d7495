import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { BatchItemObject, BatchObject } from '../../src/api/batches/batch-schema.ts';
import type { ResultRow } from '../../src/batch/results/result-row.ts';
import { createCardReaderPool } from '../../src/inference/card-reader/pool.ts';
import { modelPathsIn, modelsFolder } from '../model-paths.ts';
import { distinct, drawCards, drawSmall } from './cards.ts';
import { type Embedded, PARTS, type Part, startEmbedded } from './embedded.ts';

/**
 * A batch from the upload to the last result on the embedded platform, against the bare pipeline with as many threads
 * in the same run, before and after it, so that a busy machine disturbs both alike. Budget (docs/budgets.md): orchestration
 * takes at most 5 % of the wall time, memory stays flat. Linux only (it reads /proc).
 *
 *   npm run build
 *   npx tsx bench/batch/main.ts --items 1000
 *   npx tsx bench/batch/main.ts --items 10000 --small        # everything but the reading
 *   npx tsx bench/batch/main.ts --items 1000 --kill          # kill -9 of every process in turn
 */
const whole = (text: string): number => Number.parseInt(text, 10);
const options = new Command('batch')
  .option('--items <n>', 'items of the batch', whole, 200)
  .option('--distinct <n>', 'cards that are drawn; the items repeat them with other bytes', whole, 24)
  .option('--small', 'tiny pictures without a card')
  .option('--kill', 'kill -9 inference, API and Temporal while the batch runs')
  .option('--interactive', 'read a single card now and then while the batch runs, and time it')
  .option(
    '--bare <n>',
    'cards of the bare pipeline, before and after the batch: each of the distinct ones as often',
    whole,
    48,
  )
  .option('--models <folder>', 'where the PP-OCR models lie')
  .parse()
  .opts<{
    items: number;
    distinct: number;
    small?: boolean;
    kill?: boolean;
    interactive?: boolean;
    bare: number;
    models?: string;
  }>();

const models = await modelsFolder(options.models);
const threads = availableParallelism();

interface MemorySample {
  readonly done: number;
  readonly megabytes: ReadonlyMap<Part, number>;
}

interface BareTime {
  /** Seconds a card. */
  readonly wall: number;
  readonly cpu: number;
}

/** Reads as many cards at once as the platform does. */
async function timeBare(cards: readonly Buffer[]): Promise<BareTime> {
  const pool = createCardReaderPool({
    modelPaths: modelPathsIn(models),
    threads,
  });
  await pool.ready;
  const read = (index: number) =>
    pool.read(cards[index % cards.length] ?? Buffer.alloc(0)).catch((error: unknown) => {
      if (!options.small) throw error;
    });
  await Promise.all(Array.from({ length: 2 * threads }, (_, index) => read(index)));
  const startedAt = performance.now();
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: options.bare }, (_, index) => read(index)));
  const seconds = (performance.now() - startedAt) / 1000;
  const { system, user } = process.cpuUsage(before);
  await pool.close();
  return { wall: seconds / options.bare, cpu: (system + user) / 1e6 / options.bare };
}

async function main(): Promise<void> {
  const cards = await (options.small ? drawSmall(64) : drawCards(options.distinct));
  const bareBefore = await timeBare(cards);
  const home = await mkdtemp(join(tmpdir(), 'ktpflow-bench-'));
  const embedded = await startEmbedded(home);
  try {
    console.log(`ready after ${((await embedded.ready()) / 1000).toFixed(1)} s`);
    // A first small batch warms caches and JIT, as the bare pipeline was warmed.
    await watch(embedded, await send(embedded, cards, Math.min(options.items, 8)), () => {});
    const cpuBefore = embedded.cpu();
    const startedAt = performance.now();
    const accepted = await send(embedded, cards, options.items);
    const uploadSeconds = (performance.now() - startedAt) / 1000;
    const samples: MemorySample[] = [];
    const kills = options.kill ? killer(embedded, options.items) : () => {};
    const singles = options.interactive ? timeSingles(embedded, cards) : undefined;
    const batch = await watch(embedded, accepted, (now) => {
      const { succeeded, failed } = now.counts;
      samples.push({ done: succeeded + failed, megabytes: embedded.memory() });
      kills(succeeded + failed);
    });
    const wallSeconds = (performance.now() - startedAt) / 1000;
    const cpu = new Map([...embedded.cpu()].map(([part, seconds]) => [part, seconds - (cpuBefore.get(part) ?? 0)]));
    const single = await singles?.stop();
    await checkItems(embedded, batch);
    await embedded.stop();
    const bareAfter = await timeBare(cards);
    print({ batch, uploadSeconds, wallSeconds, bareBefore, bareAfter, cpu, samples, single });
  } finally {
    await embedded.stop();
    await rm(home, { recursive: true, force: true });
  }
}

async function request(embedded: Embedded, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${embedded.key}` };
  return fetch(`${embedded.url}${path}`, { ...init, headers });
}

async function send(embedded: Embedded, cards: readonly Buffer[], count: number): Promise<BatchObject> {
  const body = new FormData();
  for (let index = 0; index < count; index++) {
    const card = cards[index % cards.length] ?? Buffer.alloc(0);
    body.append('images', new Blob([new Uint8Array(distinct(card, index))], { type: 'image/jpeg' }), `${index}.jpg`);
  }
  const response = await request(embedded, '/v1/ktp/batches', { method: 'POST', body });
  if (response.status !== 202) throw new Error(`the platform answered with ${response.status}`);
  return (await response.json()) as BatchObject;
}

/** Looks now and then until the batch is final; a platform that is being killed does not answer for a while. */
async function watch(embedded: Embedded, batch: BatchObject, look: (now: BatchObject) => void): Promise<BatchObject> {
  for (;;) {
    // Each look costs as much as a few per cent of a card: not too often, unless something is to be killed in time.
    await sleep(options.kill || options.items < 50 ? 1_000 : 5_000);
    const now = await request(embedded, batch.links.self)
      .then(async (response) => (response.ok ? ((await response.json()) as BatchObject) : undefined))
      .catch(() => undefined);
    if (!now) continue;
    const { total, ...parts } = now.counts;
    const sum = Object.values(parts).reduce((one, other) => one + other, 0);
    if (sum !== total) throw new Error(`the counts do not add up: ${JSON.stringify(now.counts)}`);
    look(now);
    if (now.status === 'completed') return now;
    if (now.status === 'failed' || now.status === 'cancelled') throw new Error(`the batch is ${now.status}`);
  }
}

/** Kills the parts in turn, each when another fifth is done. */
function killer(embedded: Embedded, items: number): (done: number) => void {
  const left: Part[] = ['ktpflow-inference', 'ktpflow-api', 'temporal'];
  let next = items / 5;
  return (done) => {
    const [part] = left;
    if (!part || done < next || !embedded.parts().has(part)) return;
    left.shift();
    next += items / 5;
    console.log(`kill -9 ${part} at ${done} of ${items}`);
    embedded.kill(part);
  };
}

function timeSingles(embedded: Embedded, cards: readonly Buffer[]) {
  let stopped = false;
  const seconds: number[] = [];
  const running = (async () => {
    for (let index = 0; !stopped; index++) {
      const body = new FormData();
      body.append('image', new Blob([new Uint8Array(cards[index % cards.length] ?? Buffer.alloc(0))]), 'card.jpg');
      const startedAt = performance.now();
      const response = await request(embedded, '/ktp-ocr/', { method: 'POST', body });
      await response.arrayBuffer();
      if (response.ok) seconds.push((performance.now() - startedAt) / 1000);
      await sleep(2_000);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await running;
      return seconds.toSorted((a, b) => a - b);
    },
  };
}

/** Every item once, in its order, with an outcome. */
async function checkItems(embedded: Embedded, batch: BatchObject): Promise<void> {
  const text = await (await request(embedded, `${batch.links.results}?format=ndjson`)).text();
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ResultRow);
  const inOrder = rows.every((row, index) => row.index === index && row.name === `${index}.jpg`);
  if (rows.length !== options.items || !inOrder) throw new Error('the results are not those of the input');
  if (rows.some((row) => row.status !== 'succeeded' && row.status !== 'failed')) throw new Error('an item is open');
  const attempts = new Map<number, number>();
  for (let cursor: string | null = ''; cursor !== null; ) {
    const answer = await request(embedded, `${batch.links.items}?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`);
    const page = (await answer.json()) as { data: BatchItemObject[]; next_cursor: string | null };
    for (const item of page.data) attempts.set(item.attempts, (attempts.get(item.attempts) ?? 0) + 1);
    cursor = page.next_cursor;
  }
  console.log(`items by attempts: ${JSON.stringify(Object.fromEntries(attempts))}`);
}

interface Report {
  readonly batch: BatchObject;
  readonly uploadSeconds: number;
  readonly wallSeconds: number;
  readonly bareBefore: BareTime;
  readonly bareAfter: BareTime;
  /** Seconds of processor time during the batch; wrong for a part that was killed meanwhile. */
  readonly cpu: ReadonlyMap<Part, number>;
  readonly samples: readonly MemorySample[];
  readonly single: readonly number[] | undefined;
}

function print({ batch, uploadSeconds, wallSeconds, bareBefore, bareAfter, cpu, samples, single }: Report): void {
  const perItem = wallSeconds / options.items;
  const bare = (bareBefore.wall + bareAfter.wall) / 2;
  const milliseconds = (seconds: number) => `${(seconds * 1000).toFixed(1)} ms`;
  console.log(`\n${options.items} items on ${threads} cores: ${JSON.stringify(batch.counts)}`);
  console.log(`accepted after ${uploadSeconds.toFixed(1)} s, done after ${wallSeconds.toFixed(1)} s`);
  console.log(`an item, wall time        ${milliseconds(perItem)}`);
  const around = `before ${milliseconds(bareBefore.wall)}, after ${milliseconds(bareAfter.wall)}`;
  console.log(`bare pipeline             ${milliseconds(bare)}  (${around})`);
  console.log(
    `orchestration             ${milliseconds(perItem - bare)}, ${percent(1 - bare / perItem)} of the wall time`,
  );
  if (!options.kill) {
    // On a machine with other work the wall time says little: a saturated machine spends processor time.
    const cpuPerItem = [...cpu.values()].reduce((sum, seconds) => sum + seconds, 0) / options.items;
    const bareCpu = (bareBefore.cpu + bareAfter.cpu) / 2;
    const shares = [...cpu].map(([part, seconds]) => `${part} ${milliseconds(seconds / options.items)}`).join(', ');
    console.log(`processor time an item    ${milliseconds(cpuPerItem)}  (${shares})`);
    console.log(`bare pipeline             ${milliseconds(bareCpu)}`);
    console.log(
      `orchestration             ${milliseconds(cpuPerItem - bareCpu)}, ${percent(1 - bareCpu / cpuPerItem)}`,
    );
  }
  if (single && single.length > 0) {
    const at = (share: number) => single[Math.min(single.length - 1, Math.floor(share * single.length))] ?? Number.NaN;
    console.log(
      `a single card meanwhile   p50 ${milliseconds(at(0.5))}, most ${milliseconds(at(1))} (${single.length})`,
    );
  }
  console.log('\nresident memory, MB, at shares of the items');
  console.log(`| ${'process'.padEnd(18)} |   10 % |   50 % |   90 % |   most |`);
  console.log(`| ${'-'.repeat(18)} | ------ | ------ | ------ | ------ |`);
  const cell = (value: number) => value.toFixed(0).padStart(6);
  for (const part of PARTS) {
    const at = (share: number) =>
      samples
        .find(({ done, megabytes }) => done >= share * options.items && megabytes.has(part))
        ?.megabytes.get(part) ?? 0;
    const most = Math.max(...samples.map(({ megabytes }) => megabytes.get(part) ?? 0));
    console.log(`| ${part.padEnd(18)} | ${[at(0.1), at(0.5), at(0.9), most].map(cell).join(' | ')} |`);
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

await main();
