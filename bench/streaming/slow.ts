import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { EmbeddedPlatform } from '../../test/e2e/embedded-platform.ts';
import { historiesSince } from './history-cost.ts';
import { readTimedStream, type TimedStream } from './timed-reader.ts';
import { MODEL, startTimedUpstream } from './timed-upstream.ts';

/**
 * Answers that take very long, or are very long: each token arrives, and the history stays inside Temporal's limits
 * (51,200 events, 10,000 signals, 50 MB).
 *
 *   npm run build && npx tsx bench/streaming/slow.ts --tokens 3600 --rate 1     # an hour
 *   npm run build && npx tsx bench/streaming/slow.ts --tokens 4096 --rate 50    # a long answer
 */
const { tokens, rate, streams } = new Command('slow')
  .option('--tokens <n>', 'tokens of an answer', Number, 3_600)
  .option('--rate <n>', 'tokens a second', Number, 1)
  .option('--streams <n>', 'answers at once', Number, 1)
  .parse()
  .opts<{ tokens: number; rate: number; streams: number }>();

const home = mkdtempSync(join(tmpdir(), 'ktpflow-bench-'));
const upstream = await startTimedUpstream();
const platform = await EmbeddedPlatform.start(join(home, 'home'), {
  VLM_BASE_URL: upstream.url,
  VLM_CANARY: '0',
  MODEL_REPO_ID: MODEL,
  LOG_LEVEL: 'error',
});
try {
  const startedAt = new Date();
  const read = (): Promise<TimedStream> => readTimedStream(`${platform.address}/v1`, tokens, rate);
  const answers = await Promise.all(Array.from({ length: streams }, read));
  const seconds = Math.round((Date.now() - startedAt.getTime()) / 1_000);
  const histories = await historiesSince(platform, startedAt);
  console.table(
    answers.map(({ complete, latencies }, index) => {
      const sorted = latencies.toSorted((a, b) => a - b);
      const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN);
      return {
        seconds,
        complete,
        tokens: latencies.length,
        'token p50 ms': at(0.5),
        'p99 ms': at(0.99),
        ...histories[index],
      };
    }),
  );
} finally {
  await platform.end();
  upstream.close();
  rmSync(home, { recursive: true, force: true });
}
