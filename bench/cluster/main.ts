import { Command } from 'commander';
import { findBinaries } from '../../deploy/local-cluster/binaries.ts';
import { type LocalCluster, startLocalCluster } from '../../deploy/local-cluster/cluster.ts';
import { distinct, drawCards, drawSmall } from '../batch/cards.ts';
import { cpuSeconds } from '../process-usage.ts';

/**
 * Figures of the distributed shape (deploy/local-cluster), through nginx: many jobs that queue, each of which must be taken
 * and come to its end without an error; and cards a second with two inference processes and with one, a thread each,
 * beside the cores that inference and everything else were busy on: where both together are all that the machine has, no
 * further process can add to it.
 *
 *   npm run build && npx tsx bench/cluster/main.ts --jobs 1000 --cards 60
 */
const options = new Command('cluster')
  .option('--jobs <n>', 'jobs that are handed in as fast as they are taken', Number, 1000)
  .option('--cards <n>', 'cards of each measurement of throughput; 0: none', Number, 60)
  .parse()
  .opts<{ jobs: number; cards: number }>();

const HAND_IN_AT_ONCE = 24;
const POLL_AT_ONCE = 12;
const WAIT_SECONDS = 20;
const DISTINCT_CARDS = 8;

interface Job {
  readonly id: string;
  readonly status: string;
  readonly finished_at: string | null;
  readonly error: { readonly code: string } | null;
}

async function main(): Promise<number> {
  const cluster = await startLocalCluster({
    binaries: findBinaries(),
    environment: { LOG_LEVEL: 'warn' },
    say: (line) => console.log(line),
  });
  let faults = 0;
  try {
    if (options.jobs > 0) faults += await queueMany(cluster);
    if (options.cards > 0) faults += await compareThroughput(cluster);
  } finally {
    const left = await cluster.stop();
    if (left.length > 0) console.log(`processes left: ${left.join(', ')}`);
    faults += left.length;
  }
  return faults === 0 ? 0 : 1;
}

/** Tiny pictures without a card: what is tried is the queue, not the reading. @returns jobs that did not end as they should */
async function queueMany(cluster: LocalCluster): Promise<number> {
  const pictures = await drawSmall(DISTINCT_CARDS);
  const startedAt = performance.now();
  const ids = await handIn(cluster, pictures, options.jobs);
  const takenAt = performance.now();
  const jobs = await waitForAll(cluster, ids);
  const wrong = jobs.filter(({ error, status }) => status !== 'failed' || error?.code !== 'not_a_ktp');
  console.table([
    {
      jobs: jobs.length,
      'taken in, s': seconds(takenAt - startedAt),
      'all ended after, s': seconds(performance.now() - startedAt),
      'jobs a second': (jobs.length / ((performance.now() - startedAt) / 1000)).toFixed(1),
      'without the right end': wrong.length,
    },
  ]);
  if (wrong.length > 0) console.log(wrong.slice(0, 5));
  return wrong.length + (options.jobs - jobs.length);
}

/** @returns cards that were not read */
async function compareThroughput(cluster: LocalCluster): Promise<number> {
  const cards = await drawCards(DISTINCT_CARDS);
  // Models are loaded, code is compiled.
  await waitForAll(cluster, await handIn(cluster, cards, DISTINCT_CARDS));
  const second = cluster.service('inference-2');
  const two = await readCards(cluster, cards);
  await second.stop();
  const one = await readCards(cluster, cards);
  await second.start();
  await second.ready();
  const again = await readCards(cluster, cards);
  const row = (processes: number, { cores, failed, rate }: Reading) => ({
    'inference processes': processes,
    'cards a second': rate.toFixed(2),
    'cores of inference': cores.inference.toFixed(2),
    'cores of the rest': cores.rest.toFixed(2),
    'not read': failed,
  });
  console.table([row(2, two), row(1, one), row(2, again)]);
  console.log(`two carry ${((two.rate + again.rate) / 2 / one.rate).toFixed(2)} times as much as one`);
  return two.failed + one.failed + again.failed;
}

interface Cores {
  readonly inference: number;
  /** APIs, workers, Temporal, PostgreSQL, S3 and nginx; not this program. */
  readonly rest: number;
}

interface Reading {
  readonly rate: number;
  readonly failed: number;
  /** That were busy on average. */
  readonly cores: Cores;
}

async function readCards(cluster: LocalCluster, cards: readonly Buffer[]): Promise<Reading> {
  const startedAt = performance.now();
  const before = usedSeconds(cluster);
  const jobs = await waitForAll(cluster, await handIn(cluster, cards, options.cards));
  const wallSeconds = (performance.now() - startedAt) / 1000;
  const after = usedSeconds(cluster);
  return {
    rate: jobs.length / wallSeconds,
    failed: jobs.filter(({ status }) => status !== 'succeeded').length,
    cores: {
      inference: (after.inference - before.inference) / wallSeconds,
      rest: (after.rest - before.rest) / wallSeconds,
    },
  };
}

/** Processor time so far. */
function usedSeconds({ services }: LocalCluster): Cores {
  const used = { inference: 0, rest: 0 };
  for (const [name, service] of services) {
    for (const pid of service.pids()) used[name.startsWith('inference') ? 'inference' : 'rest'] += cpuSeconds(pid);
  }
  return used;
}

async function handIn(cluster: LocalCluster, pictures: readonly Buffer[], count: number): Promise<string[]> {
  const ids: string[] = [];
  const numbers = Array.from({ length: count }, (_, index) => index).values();
  const work = async () => {
    for (const index of numbers) {
      const form = new FormData();
      const picture = distinct(pictures[index % pictures.length] ?? Buffer.alloc(0), index);
      form.append('image', new Blob([new Uint8Array(picture)]), 'card.jpg');
      const job = await ask(cluster, '/v1/ktp/extractions', { method: 'POST', body: form });
      ids.push(job.id);
    }
  };
  await Promise.all(Array.from({ length: HAND_IN_AT_ONCE }, work));
  return ids;
}

async function waitForAll(cluster: LocalCluster, ids: readonly string[]): Promise<Job[]> {
  const jobs: Job[] = [];
  const left = ids.values();
  const work = async () => {
    for (const id of left) {
      let job: Job;
      do job = await ask(cluster, `/v1/ktp/extractions/${id}?wait=${WAIT_SECONDS}`);
      while (job.finished_at === null);
      jobs.push(job);
    }
  };
  await Promise.all(Array.from({ length: POLL_AT_ONCE }, work));
  return jobs;
}

/** @throws where the answer is an error: none may be */
async function ask({ key, url }: LocalCluster, path: string, init: RequestInit = {}): Promise<Job> {
  const response = await fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${key}` } });
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Job;
}

const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(1);

process.exit(await main());
