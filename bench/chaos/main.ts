import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { findBinaries } from '../../deploy/local-cluster/binaries.ts';
import { startLocalCluster } from '../../deploy/local-cluster/cluster.ts';
import { findFaketime } from '../../deploy/local-cluster/shifted-clock.ts';
import { mayMount } from '../../deploy/local-cluster/small-disk.ts';
import { TraceFinder } from '../../test/e2e/traces.ts';
import { Random } from '../../tools/make-cards/random.ts';
import { tryAbsences } from './absences.ts';
import { tryBackup } from './backup.ts';
import { drawKnownCards } from './cards.ts';
import { MODEL } from './chats.ts';
import { Client } from './client.ts';
import { drawFaults, type Fault, type Scene, startScriptedUpstream } from './faults.ts';
import { type Load, startLoad } from './load.ts';
import { type Footprint, footprints, storedObjects, temporaryFiles } from './measure.ts';
import { rollThrough } from './rolling.ts';

const TRIALS = ['faults', 'absences', 'rolling', 'backup'] as const;

/** See README.md beside this file. */
const options = new Command('chaos')
  .addOption(new Option('--trial <name>', 'what is tried').choices(TRIALS).default('faults'))
  .option('--seed <text>', 'order, targets and lengths of the faults follow from it', '1')
  .option('--faults <n>', 'how many', Number, 20)
  .option('--only <text>', 'faults of kinds that contain it', '')
  .option('--rounds <n>', 'how often the services are rolled through', Number, 2)
  .option('--minutes <n>', 'begin no more faults after that', Number, 24 * 60)
  .option('--settle <s>', 'seconds of undisturbed work after each fault', Number, 4)
  .option('--logs <folder>', "where the services' logs are copied to")
  .option('--shards <n>', "Temporal's history shards", Number, 16)
  .parse()
  .opts<{
    trial: (typeof TRIALS)[number];
    seed: string;
    only: string;
    faults: number;
    rounds: number;
    minutes: number;
    settle: number;
    shards: number;
    logs?: string;
  }>();

/** Everything serves again within it, on a busy machine too. */
const READY_MS = 300_000;
const startedAt = Date.now();
const say = (line: string) => console.log(`${((Date.now() - startedAt) / 1000).toFixed(0).padStart(5)} s  ${line}`);

async function main(): Promise<number> {
  const upstream = await startScriptedUpstream();
  const binaries = findBinaries();
  const cluster = await startLocalCluster({
    binaries,
    historyShards: options.shards,
    hasSmallDisks: mayMount(),
    faketime: findFaketime(),
    environment: {
      VLM_BASE_URL: upstream.url,
      VLM_CANARY: '0',
      VLM_CARD_BUDGET_SECONDS: '0',
      VLM_IDLE_TIMEOUT_SECONDS: '5',
      VLM_FIRST_TOKEN_TIMEOUT_SECONDS: '10',
      MODEL_REPO_ID: MODEL,
      LOG_LEVEL: 'warn',
    },
    say,
  });
  const scene: Scene = { cluster, upstream };
  const client = new Client(cluster);
  let left: number[] = [];
  if (cluster.disks.size === 0) say('disks are not filled: that needs root of Linux and unshare');
  if (cluster.clocks.size === 0) say('clocks are not set: that needs the package faketime');
  try {
    const cards = await drawKnownCards(client);
    const load = startLoad(client, cards);
    await sleep(15_000);
    const before = footprints(cluster);
    const recoveries: [Fault, number][] = [];
    const bad: string[] = [];
    if (options.trial === 'faults') await goThroughFaults(scene, recoveries);
    if (options.trial === 'rolling') bad.push(...(await rollThrough(scene, client, options.rounds, say)));
    if (options.trial === 'backup') console.log(await tryBackup(scene, binaries.postgres, say));
    if (options.trial === 'absences') {
      const lines = await tryAbsences(scene, cards);
      console.log(`\n${lines.join('\n')}\n`);
      bad.push(...lines.filter((line) => line.includes('BAD')));
    }
    say(`no more faults; ${load.open()} pieces of work are open`);
    await load.finish();
    say('all work has ended');
    // Images of finished cards go with the end of their workflows.
    await sleep(5_000);
    const after = footprints(cluster);
    print(recoveries, load, client);
    printFootprints(before, after);
    for (const { name, ownEnds } of cluster.services.values()) {
      for (const end of ownEnds) console.log(`\n${name} has ended by itself:\n${end}`);
    }
    const { files, bytes } = temporaryFiles(cluster);
    console.log(`\ntemporary files ${files} (${bytes} bytes)`);
    const { named, unnamed } = await storedObjects(cluster);
    for (const [what, count] of named) console.log(`objects left in the store, ${what}: ${count}`);
    console.log(`objects left in the store that no row names (taken after an hour): ${unnamed}`);
    const traces = new TraceFinder(
      cards.flatMap(({ texts }) => texts),
      cards.map(({ jpeg }) => jpeg),
    ).inFolder(cluster.folder);
    console.log(`places where a NIK, a name or a picture of the cards lies readable: ${traces.length}`);
    bad.push(...traces);
    if (bad.length > 0) console.log(`\nNOT AS IT SHOULD BE:\n  ${bad.join('\n  ')}`);
    return bad.length > 0 || client.surprises.length > 0 ? 1 : 0;
  } finally {
    if (options.logs) cpSync(join(cluster.folder, 'logs'), options.logs, { recursive: true });
    left = await cluster.stop();
    await scene.upstream.close();
    console.log(left.length === 0 ? 'no process is left' : `LEFT: ${left.join(', ')}`);
  }
}

async function goThroughFaults(scene: Scene, recoveries: [Fault, number][]): Promise<void> {
  const { seed, faults: count, only } = options;
  const faults = drawFaults(count, new Random(`chaos/${seed}`), scene.cluster, ({ kind }) => kind.includes(only));
  for (const [index, fault] of faults.entries()) {
    if (Date.now() - startedAt > options.minutes * 60_000) break;
    say(`${String(index + 1).padStart(3)}  ${fault.kind} of ${fault.target}, ${fault.seconds} s`);
    await fault.happen(scene);
    const over = Date.now();
    await scene.cluster.ready(READY_MS);
    recoveries.push([fault, (Date.now() - over) / 1000]);
    await sleep(options.settle * 1000);
  }
}

function print(recoveries: readonly [Fault, number][], load: Load, client: Client): void {
  console.log('\n| fault | of | times | ready again, s: median | most |\n|---|---|---|---|---|');
  const groups = new Map<string, number[]>();
  for (const [{ kind, target }, seconds] of recoveries) {
    const key = `| ${kind} | ${target.replaceAll(/-\d/g, '').replace(/^(\w+) and \1$/, '$1')}`;
    groups.set(key, [...(groups.get(key) ?? []), seconds]);
  }
  for (const [key, seconds] of [...groups].sort()) {
    const sorted = seconds.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    console.log(`${key} | ${sorted.length} | ${median.toFixed(1)} | ${(sorted.at(-1) ?? 0).toFixed(1)} |`);
  }
  console.log('\n| work | right | wrong | lost | doubled |\n|---|---|---|---|---|');
  for (const [work, { right, wrong, lost, doubled }] of load.tallies) {
    console.log(`| ${work} | ${right} | ${wrong} | ${lost} | ${doubled} |`);
  }
  console.log('\nanswers on the way:');
  for (const [answer, count] of [...client.answers].sort()) console.log(`  ${answer}: ${count}`);
  console.log(client.surprises.length === 0 ? 'no surprise' : 'SURPRISES:');
  for (const line of new Set(client.surprises)) console.log(`  ${line}`);
}

function printFootprints(before: ReadonlyMap<string, Footprint>, after: ReadonlyMap<string, Footprint>): void {
  console.log('\n| process | MB before | after | handles before | after |\n|---|---|---|---|---|');
  for (const [name, now] of after) {
    const then = before.get(name);
    const megabytes = `${then?.megabytes.toFixed(0)} | ${now.megabytes.toFixed(0)}`;
    console.log(`| ${name} | ${megabytes} | ${then?.handles} | ${now.handles} |`);
  }
}

/** Again in a mount namespace of its own, so that disks can be filled; undefined where that is not possible. */
function inOwnNamespace(): number | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || mayMount()) return undefined;
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status, error } = spawnSync('unshare', ['--mount', ...command], { stdio: 'inherit' });
  return error ? undefined : (status ?? 1);
}

process.exit(inOwnNamespace() ?? (await main()));
