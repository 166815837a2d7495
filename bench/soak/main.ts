import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import sharp from 'sharp';
import { EmbeddedPlatform, exampleImage, exampleTruth, type PartName } from '../../test/e2e/embedded-platform.ts';
import { jsonRequest } from '../../test/support/api.ts';
import { type MemoryKinds, memoryKinds, residentMegabytes } from '../process-usage.ts';
import { MODEL, startTimedUpstream } from '../streaming/timed-upstream.ts';

/**
 * Whether memory, open files or temporary files grow under a mixed load: cards and tiny pictures handed in, short chats,
 * many reads of a finished job. Prints the resident megabytes of each process as time goes by, and the growth a minute
 * after the first third.
 *
 *   npm run build && npx tsx bench/soak/main.ts --minutes 8
 *   npx tsx bench/soak/main.ts --minutes 60 --chats 2 --pictures 1 --readers 1    # beside other work
 */
const { minutes, chats, pictures, readers } = new Command('soak')
  .option('--minutes <n>', 'how long', Number, 8)
  .option('--chats <n>', 'chats at a time', Number, 4)
  .option('--pictures <n>', 'tiny pictures handed in at a time', Number, 2)
  .option('--readers <n>', 'reads at a time', Number, 4)
  .parse()
  .opts<{ minutes: number; chats: number; pictures: number; readers: number }>();

const PARTS: readonly PartName[] = ['ktpflow-api', 'ktpflow-inference', 'temporal'];
/** Samples of a run, however long. */
const SAMPLES = 40;
const EVERY_MS = Math.max(5_000, (minutes * 60_000) / SAMPLES);
const BETWEEN_CARDS_MS = 5_000;
const TOKENS = 60;

interface Sample {
  readonly minutes: number;
  readonly megabytes: readonly number[];
  /** Open files, sockets and pipes of all parts. */
  readonly handles: number;
  readonly temporaryFiles: number;
  /** Of the API. */
  readonly kinds: MemoryKinds;
  readonly javascript: { readonly heap: number; readonly total: number; readonly external: number };
}

async function main(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'ktpflow-bench-'));
  const upstream = await startTimedUpstream();
  const scratch = join(home, 'tmp');
  mkdirSync(scratch);
  const platform = await EmbeddedPlatform.start(join(home, 'home'), {
    TMPDIR: scratch,
    VLM_BASE_URL: upstream.url,
    VLM_CANARY: '0',
    MODEL_REPO_ID: MODEL,
    LOG_LEVEL: 'error',
  });
  const done = { cards: 0, pictures: 0, chats: 0, reads: 0, failed: 0 };
  const samples: Sample[] = [];
  try {
    const endsAt = Date.now() + minutes * 60_000;
    const picture = await tinyPicture();
    const finished = await platform.submit(picture);
    await platform.finished(finished);
    const repeat = async (
      kind: Exclude<keyof typeof done, 'failed'>,
      work: () => Promise<unknown>,
      pauseMs: number,
    ) => {
      while (Date.now() < endsAt) {
        await work().then(
          () => done[kind]++,
          () => done.failed++,
        );
        await sleep(pauseMs);
      }
    };
    const loads = [
      repeat('cards', async () => readCard(platform), BETWEEN_CARDS_MS),
      ...Array.from({ length: pictures }, () => repeat('pictures', async () => platform.submit(picture), 500)),
      ...Array.from({ length: chats }, () => repeat('chats', () => chat(platform), 100)),
      ...Array.from({ length: readers }, () => repeat('reads', () => platform.job(finished), 15)),
    ];
    const startedAt = Date.now();
    while (Date.now() < endsAt) {
      const elapsed = (Date.now() - startedAt) / 60_000;
      samples.push({
        minutes: elapsed,
        megabytes: PARTS.map((part) => Math.round(residentMegabytes(platform.part(part).pid))),
        handles: PARTS.reduce((sum, part) => sum + handlesOf(platform.part(part).pid), 0),
        temporaryFiles: readdirSync(scratch, { recursive: true }).length,
        kinds: memoryKinds(platform.part('ktpflow-api').pid),
        javascript: await javascriptOf(platform),
      });
      await sleep(EVERY_MS);
    }
    await Promise.all(loads);
  } finally {
    await platform.end();
    upstream.close();
    rmSync(home, { recursive: true, force: true });
  }
  report(samples, done);
  reportKinds(samples);
}

/** What V8 knows of, by the API's own metrics. */
async function javascriptOf(platform: EmbeddedPlatform): Promise<Sample['javascript']> {
  const text = await (await platform.request('/metrics')).text();
  const megabytes = (name: string) =>
    Number(new RegExp(`^ktpflow_nodejs_${name}_bytes (\\S+)`, 'm').exec(text)?.[1] ?? 0) / 1024 / 1024;
  return {
    heap: megabytes('heap_size_used'),
    total: megabytes('heap_size_total'),
    external: megabytes('external_memory'),
  };
}

/** Some noise, which is no card and is told so quickly; a new picture would not change what is measured. */
function tinyPicture(): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
  return sharp({ create: { width: 240, height: 160, channels: 3, background: '#999', noise } })
    .jpeg()
    .toBuffer();
}

/** Read to its end, and read right. */
async function readCard(platform: EmbeddedPlatform): Promise<void> {
  const job = await platform.finished(await platform.submit(exampleImage(1)));
  if (job.result?.compat.nik !== exampleTruth(1).nik) throw new Error('a card that was not read');
}

function handlesOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

async function chat(platform: EmbeddedPlatform): Promise<void> {
  const messages = [{ role: 'user', content: 'Halo' }];
  const body = { model: MODEL, messages, max_tokens: TOKENS, seed: 100, stream: true };
  const response = await platform.request('/v1/chat/completions', jsonRequest(body));
  if (!(await response.text()).endsWith('data: [DONE]\n\n')) throw new Error('a stream without its end');
}

function report(samples: readonly Sample[], done: object): void {
  console.log(JSON.stringify(done));
  const late = samples.slice(Math.floor(samples.length / 3));
  console.table(
    PARTS.map((part, index) => ({
      part,
      'MB over time': samples.map(({ megabytes }) => megabytes[index]).join(' '),
      'MB a minute': slope(late.map((sample) => [sample.minutes, sample.megabytes[index] ?? 0])).toFixed(1),
    })),
  );
  const overTime = (of: (sample: Sample) => number) => ({
    'over time': samples.map(of).join(' '),
    'a minute': slope(late.map((sample) => [sample.minutes, of(sample)])).toFixed(2),
  });
  console.table({
    handles: overTime(({ handles }) => handles),
    'temporary files': overTime(({ temporaryFiles }) => temporaryFiles),
  });
}

/** Where the API's memory is, and what of it grows. */
function reportKinds(samples: readonly Sample[]): void {
  const columns: Readonly<Record<string, (sample: Sample) => number>> = {
    'heap of malloc': ({ kinds }) => kinds.heap,
    'further heaps of malloc': ({ kinds }) => kinds.arenas,
    'pages of V8, stacks': ({ kinds }) => kinds.pages,
    'large mappings': ({ kinds }) => kinds.large,
    files: ({ kinds }) => kinds.files,
    'JavaScript heap, main thread': ({ javascript }) => javascript.heap,
    'pages of that heap': ({ javascript }) => javascript.total,
    'external to it': ({ javascript }) => javascript.external,
  };
  const late = samples.slice(Math.floor(samples.length / 3));
  console.table(
    Object.entries(columns).map(([kind, of]) => ({
      'API, MB': kind,
      'over time': samples.map((sample) => Math.round(of(sample))).join(' '),
      'MB a minute': slope(late.map((sample) => [sample.minutes, of(sample)])).toFixed(1),
    })),
  );
}

/** Least squares. */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const above = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return above / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

await main();
