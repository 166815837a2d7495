import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { type LeastAnswers, startLeastAnswers } from './least-answer.ts';
import { runningTarget, startTarget, type Target, treeSeconds } from './target.ts';
import { readTimedStream, type TimedStream } from './timed-reader.ts';
import { MODEL, startTimedUpstream } from './timed-upstream.ts';

/**
 * What the platform adds to a stream: time to the first token against the bare upstream in the same run, and beside what
 * Temporal alone takes to a first record; the way of each token to the client, completeness, history, CPU. Budgets
 * (docs/budgets.md): first token <= +150 ms p50; token to client <= 40 ms p50 with 1 stream of 50 tokens/s, <= 150 ms
 * with 10; 30 streams complete.
 *
 *   npm run build && npx tsx bench/streaming/main.ts --streams 1,10,30
 *
 * A platform of several processes is started by hand, with VLM_BASE_URL=http://127.0.0.1:PORT/v1, MODEL_REPO_ID=timed
 * and VLM_CONCURRENCY=128; whatever descends from a process counts with it:
 *
 *   npx tsx bench/streaming/main.ts --url http://127.0.0.1:3000 --upstream-port PORT --processes api=PID,postgres=PID
 */
const numbers = (text: string): number[] => text.split(',').map(Number);
const options = new Command('streaming')
  .option('--streams <list>', 'streams at once', numbers, [1, 10, 30])
  .option('--tokens <n>', 'tokens a stream', Number, 250)
  .option('--rate <n>', 'tokens a second', Number, 50)
  .option('--rounds <n>', 'rounds of each', Number, 3)
  .option('--url <address>', 'a platform that runs')
  .option('--upstream-port <n>', 'where it looks for its model server', Number, 0)
  .option('--processes <list>', 'its processes, as name=pid', (text: string) => text.split(','), [] as string[])
  .parse()
  .opts<{
    streams: number[];
    tokens: number;
    rate: number;
    rounds: number;
    url?: string;
    upstreamPort: number;
    processes: string[];
  }>();

/** Until code is compiled, also PGlite's, which V8 compiles well only once it has run often. */
const WARM_UP_ROUNDS = 5;

async function main(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'ktpflow-bench-'));
  const upstream = await startTimedUpstream(options.upstreamPort);
  const environment = {
    VLM_BASE_URL: upstream.url,
    VLM_CANARY: '0',
    MODEL_REPO_ID: MODEL,
    VLM_CONCURRENCY: '128',
    LOG_LEVEL: 'error',
  };
  const target =
    options.url === undefined ? await startTarget(home, environment) : runningTarget(options.url, options.processes);
  const least = target.temporal === undefined ? undefined : await startLeastAnswers(target.temporal);
  try {
    for (let round = 0; round < WARM_UP_ROUNDS; round++) {
      await readMany(`${target.address}/v1`, 10, 20);
      await least?.readMany(10);
    }
    const table: Record<string, string | number>[] = [];
    for (const count of options.streams) table.push(await measure(target, upstream.url, least, count));
    console.table(table);
  } finally {
    await least?.end();
    await target.end();
    upstream.close();
    rmSync(home, { recursive: true, force: true });
  }
}

async function measure(target: Target, upstream: string, least: LeastAnswers | undefined, count: number) {
  const bare: TimedStream[] = [];
  const records: number[] = [];
  const ours: TimedStream[] = [];
  const startedAt = new Date();
  const used = () => target.processes.map(({ pid }) => treeSeconds(pid()));
  const seconds = target.processes.map(() => 0);
  for (let round = 0; round < options.rounds; round++) {
    bare.push(...(await readMany(upstream, count, options.tokens)));
    const before = used();
    ours.push(...(await readMany(`${target.address}/v1`, count, options.tokens)));
    for (const [index, now] of used().entries()) seconds[index] = (seconds[index] ?? 0) + now - (before[index] ?? 0);
    if (least) records.push(...(await least.readMany(count)));
  }
  const tokens = ours.reduce((sum, stream) => sum + stream.latencies.length, 0);
  const cost = await target.historyCost(startedAt);
  const perToken = target.processes.map(({ name }, index) => {
    return `${name} ${(((seconds[index] ?? 0) * 1000) / tokens).toFixed(2)}`;
  });
  const first = (streams: TimedStream[]) => streams.map(({ firstToken }) => firstToken);
  const ways = (streams: TimedStream[]) => streams.flatMap(({ latencies }) => latencies);
  return {
    streams: count,
    complete: `${ours.filter(({ complete }) => complete).length}/${ours.length}`,
    'first p50/p95': pair(first(ours)),
    'bare first': pair(first(bare)),
    'added p50': Math.round(percentile(first(ours), 0.5) - percentile(first(bare), 0.5)),
    ...(least && { 'Temporal alone': pair(records) }),
    'token p50/p95': pair(ways(ours)),
    'bare token': pair(ways(bare)),
    ...(cost && { 'events a stream': cost.events, 'signals a stream': cost.signals }),
    'CPU ms a token': perToken.join(', '),
  };
}

function readMany(url: string, count: number, tokens: number): Promise<TimedStream[]> {
  return Promise.all(Array.from({ length: count }, () => readTimedStream(url, tokens, options.rate)));
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function pair(values: readonly number[]): string {
  return `${Math.round(percentile(values, 0.5))}/${Math.round(percentile(values, 0.95))}`;
}

await main();
