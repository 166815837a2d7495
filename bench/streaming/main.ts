import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { EmbeddedPlatform, type PartName } from '../../test/e2e/embedded-platform.ts';
import { historiesSince } from './history-cost.ts';
import { readTimedStream, type TimedStream } from './timed-reader.ts';
import { MODEL, startTimedUpstream } from './timed-upstream.ts';

/**
 * What the platform adds to a stream: time to the first token against the bare upstream in the same run, the way of each
 * token to the client, completeness, history, CPU. Budgets (docs/budgets.md): first token <= +150 ms p50; token to client
 * <= 40 ms p50 with 1 stream of 50 tokens/s, <= 150 ms with 10; 30 streams complete.
 *
 *   npm run build && npx tsx bench/streaming/main.ts --streams 1,10,30
 */
const numbers = (text: string): number[] => text.split(',').map(Number);
const options = new Command('streaming')
  .option('--streams <list>', 'streams at once', numbers, [1, 10, 30])
  .option('--tokens <n>', 'tokens a stream', Number, 250)
  .option('--rate <n>', 'tokens a second', Number, 50)
  .option('--rounds <n>', 'rounds of each', Number, 3)
  .parse()
  .opts<{ streams: number[]; tokens: number; rate: number; rounds: number }>();

const PARTS: readonly PartName[] = ['ktpflow-api', 'ktpflow-inference', 'temporal'];
const CLOCK_TICKS_PER_SECOND = 100;

async function main(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'ktpflow-bench-'));
  const upstream = await startTimedUpstream();
  const platform = await EmbeddedPlatform.start(join(home, 'home'), {
    VLM_BASE_URL: upstream.url,
    VLM_CANARY: '0',
    MODEL_REPO_ID: MODEL,
    VLM_CONCURRENCY: '128',
    LOG_LEVEL: 'error',
  });
  try {
    await readMany(`${platform.address}/v1`, 3, 20);
    const table: Record<string, string | number>[] = [];
    for (const count of options.streams) table.push(await measure(platform, upstream.url, count));
    console.table(table);
  } finally {
    await platform.end();
    upstream.close();
    rmSync(home, { recursive: true, force: true });
  }
}

async function measure(platform: EmbeddedPlatform, upstream: string, count: number) {
  const bare: TimedStream[] = [];
  const ours: TimedStream[] = [];
  const startedAt = new Date();
  const usedBefore = PARTS.map((part) => cpuSeconds(platform, part));
  for (let round = 0; round < options.rounds; round++) {
    bare.push(...(await readMany(upstream, count, options.tokens)));
    ours.push(...(await readMany(`${platform.address}/v1`, count, options.tokens)));
  }
  const used = PARTS.map((part, index) => cpuSeconds(platform, part) - (usedBefore[index] ?? 0));
  const tokens = ours.reduce((sum, stream) => sum + stream.latencies.length, 0);
  const cost = await historyCost(platform, startedAt);
  const first = (streams: TimedStream[]) => streams.map(({ firstToken }) => firstToken);
  const ways = (streams: TimedStream[]) => streams.flatMap(({ latencies }) => latencies);
  return {
    streams: count,
    complete: `${ours.filter(({ complete }) => complete).length}/${ours.length}`,
    'first p50/p95': pair(first(ours)),
    'bare first': pair(first(bare)),
    'added p50': Math.round(percentile(first(ours), 0.5) - percentile(first(bare), 0.5)),
    'token p50/p95': pair(ways(ours)),
    'bare token': pair(ways(bare)),
    'events a stream': cost.events,
    'signals a stream': cost.signals,
    'CPU ms a token (api, inference, temporal)': used
      .map((seconds) => ((seconds * 1000) / tokens).toFixed(2))
      .join(' '),
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

/** Linux: user and system time of a process so far. */
function cpuSeconds(platform: EmbeddedPlatform, part: PartName): number {
  const stat = readFileSync(`/proc/${platform.part(part).pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return ((user ?? 0) + (system ?? 0)) / CLOCK_TICKS_PER_SECOND;
}

/** Events and signals of the histories that were written since then, an answer on average. */
async function historyCost(platform: EmbeddedPlatform, since: Date): Promise<{ events: number; signals: number }> {
  const costs = await historiesSince(platform, since);
  const answers = costs.filter(({ isLog }) => !isLog).length;
  const average = (of: 'events' | 'signals') => Math.round(costs.reduce((sum, cost) => sum + cost[of], 0) / answers);
  return { events: average('events'), signals: average('signals') };
}

await main();
