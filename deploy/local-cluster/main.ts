import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { listenForStop } from '../../src/runtime/processes/stop-signals.ts';
import { indexesOf, readStream, type StreamedEvent, textOf } from '../../test/e2e/stream-reader.ts';
import { startUpstream } from '../../test/support/upstream.ts';
import { findBinaries } from './binaries.ts';
import { type LocalCluster, startLocalCluster } from './cluster.ts';

/** See README.md beside this file. */
const options = new Command('local-cluster')
  .option('--check', 'read a card through nginx and a stream over both APIs, then stop')
  .option('--test [files...]', 'run the integration suite, or some files of it, against its PostgreSQL and Temporal')
  .option('--image <name>', 'run the roles from an image that buildah has')
  .option('--shards <n>', "Temporal's history shards", Number)
  .parse()
  .opts<{ check?: boolean; image?: string; shards?: number; test?: true | string[] }>();

const MODEL = 'scripted-model';
const ANSWER = Array.from({ length: 50 }, (_, index) => ` t${index}`);
const CARD = new URL('../../examples/ktp-1.jpg', import.meta.url);
const TRUTH = new URL('../../examples/ktp-1.json', import.meta.url);

async function main(): Promise<number> {
  const startedAt = Date.now();
  const upstream = await startUpstream({ tokens: ANSWER, tokensPerSecond: 50, model: MODEL });
  const cluster = await startLocalCluster({
    binaries: findBinaries(),
    image: options.image,
    environment: { VLM_BASE_URL: upstream.url, MODEL_REPO_ID: MODEL, VLM_CANARY: '0' },
    ...(options.shards && { historyShards: options.shards }),
    say: (line) => console.log(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}`),
  });
  let ok = true;
  try {
    print(cluster);
    if (options.check) ok = await check(cluster);
    if (options.test) ok &&= await runIntegrationTests(cluster, options.test === true ? [] : options.test);
    if (!options.check && !options.test)
      await new Promise<void>((stop) => listenForStop({ onStop: () => stop(), onForce: () => process.exit(1) }));
  } finally {
    const left = await cluster.stop();
    await upstream.close();
    console.log(left.length === 0 ? 'stopped; no process is left' : `left: ${left.join(', ')}`);
    ok &&= left.length === 0;
  }
  return ok ? 0 : 1;
}

function print(cluster: LocalCluster): void {
  console.log(`\nnginx      ${cluster.url}`);
  console.log(`APIs       ${cluster.apiUrls.join('  ')}`);
  console.log(`key        ${cluster.key}`);
  console.log(`Temporal   ${cluster.temporalAddress}`);
  console.log(`PostgreSQL ${cluster.databaseUrl}`);
  for (const [name, port] of cluster.healthPorts) console.log(`health     http://127.0.0.1:${port}/readyz  ${name}`);
  console.log(`logs       ${cluster.folder}/logs\n`);
}

/** Each file makes a database and a namespace of its own; the roles of the cluster have others. */
async function runIntegrationTests(cluster: LocalCluster, files: readonly string[]): Promise<boolean> {
  const which = files.length > 0 ? files : ['test/integration'];
  const child = spawn('npx', ['vitest', 'run', '--project', 'shared', ...which], {
    stdio: 'inherit',
    env: {
      ...process.env,
      TEST_DATABASE_URL: cluster.databaseAdminUrl,
      TEST_TEMPORAL_ADDRESS: cluster.temporalAddress,
    },
  });
  const [code] = await once(child, 'exit');
  return code === 0;
}

async function check(cluster: LocalCluster): Promise<boolean> {
  const { url, key } = cluster;
  const headers = { authorization: `Bearer ${key}` };
  const form = new FormData();
  form.append('image', new Blob([readFileSync(CARD)]), 'card.jpg');
  const card = await fetch(`${url}/ktp-ocr/`, { method: 'POST', headers, body: form });
  const { nik } = (await card.json()) as { nik?: string };
  const { fields } = JSON.parse(readFileSync(TRUTH, 'utf8')) as { fields: { nik: string } };
  console.log(`a card: ${card.status}, ${nik === fields.nik ? 'read as it is' : 'READ WRONG'}`);

  const streamed = await streamOverBoth(cluster);
  console.log(
    `a chat, begun at one API and gone on with at the other: ${streamed ? 'whole, each event once' : 'BROKEN'}`,
  );
  return card.ok && nik === fields.nik && streamed;
}

/** Leaves a stream of the first API after some events, and reads the rest at the second. */
async function streamOverBoth({ apiUrls: [first, second], key }: LocalCluster): Promise<boolean> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const leaving = new AbortController();
  const begun = await fetch(`${first}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({
      model: MODEL,
      stream: true,
      session_id: 'over-both',
      messages: [{ role: 'user', content: 'Halo' }],
    }),
    signal: leaving.signal,
  });
  const events: StreamedEvent[] = [];
  await readStream(begun, (event) => {
    if (events.length < 20) events.push(event);
    else leaving.abort();
  }).catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  const resumed = await fetch(`${second}/v1/chat/completions/over-both/stream`, {
    headers: { ...headers, 'last-event-id': events.at(-1)?.id ?? '' },
  });
  const rest = await readStream(resumed);
  events.push(...rest.events);
  const inOrder = indexesOf(events).every((index, place) => index === place);
  return rest.done && inOrder && textOf(events) === ANSWER.join('');
}

process.exit(await main());
