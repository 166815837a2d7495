import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { cacheFolder } from '../../src/runtime/assets/cache-folder.ts';
import { EmbeddedPlatform } from '../../test/e2e/embedded-platform.ts';
import type { Upstream } from '../../test/support/upstream.ts';
import { MODEL, startScriptedEngine } from './engine.ts';
import { CLIENTS, type Client, commandOf, installClients } from './install.ts';

/**
 * The clients that people use against the real platform, each through every feature: `npm run clients`. They are
 * installed into the cache folder at the first run; nothing of them becomes a part of this project.
 */
const FEATURES = ['plain', 'stream', 'silence', 'tools', 'structured', 'image', 'abort', 'resume', 'errors'] as const;
const AT_ONCE = 2;
/** An anonymous answer goes on for a second after its reader left; then the engine is to stop. */
const ABANDONED_MS = 15_000;

const lineSchema = z.object({ feature: z.enum(FEATURES), ok: z.boolean(), note: z.string().optional() });
type Outcome = z.infer<typeof lineSchema>;

async function main(): Promise<void> {
  const cache = join(cacheFolder(process.env.KTPFLOW_CACHE || undefined), 'clients');
  installClients(cache);
  const home = mkdtempSync(join(tmpdir(), 'ktpflow-clients-'));
  const engine = await startScriptedEngine();
  const platform = await EmbeddedPlatform.start(join(home, 'home'), {
    VLM_BASE_URL: engine.url,
    MODEL_REPO_ID: MODEL,
    KEEP_ALIVE_SECONDS: '1',
    CANCEL_ANONYMOUS_AFTER_DISCONNECT_SECONDS: '1',
    LOG_LEVEL: 'error',
  });
  const results = new Map<string, Outcome[]>();
  try {
    const wanted = process.argv.slice(2);
    const queue = CLIENTS.filter(
      ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
    ).values();
    const work = async () => {
      for (const client of queue) results.set(client.name, await tryClient(client, cache, platform.address, engine));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    await platform.end();
    await engine.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
  report(results);
}

async function tryClient(client: Client, cache: string, address: string, engine: Upstream): Promise<Outcome[]> {
  const [command, parameters] = commandOf(client, cache);
  const child = spawn(command, parameters, {
    stdio: ['ignore', 'pipe', process.env.DEBUG ? 'inherit' : 'ignore'],
    env: {
      ...process.env,
      BASE_URL: `${address}/v1`,
      MODEL,
      CLIENT_NAME: client.name,
      PACKAGES: join(cache, client.folder),
    },
  });
  const outcomes: Outcome[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const outcome = line.startsWith('{') ? lineSchema.safeParse(JSON.parse(line)).data : undefined;
    if (outcome) outcomes.push(outcome);
  }
  const abort = outcomes.find(({ feature }) => feature === 'abort');
  if (abort?.ok && !(await isAbandoned(client, engine))) {
    return outcomes.map((each) =>
      each === abort ? { feature: 'abort', ok: false, note: 'the engine went on' } : each,
    );
  }
  return outcomes;
}

/** Whether the engine was told that nobody reads the client's slow answer any more. */
async function isAbandoned({ name }: Client, engine: Upstream): Promise<boolean> {
  for (const deadline = Date.now() + ABANDONED_MS; Date.now() < deadline; await sleep(100)) {
    const slow = engine.requests.filter(({ body }) => JSON.stringify(body.messages).includes(`slow:${name}`));
    if (slow.length > 0 && slow.every(({ closedAt }) => closedAt !== null)) return true;
  }
  return false;
}

function report(results: ReadonlyMap<string, readonly Outcome[]>): void {
  const rows = [...results].map(([name, outcomes]) => {
    const marks = FEATURES.map((feature) => {
      const outcome = outcomes.find((each) => each.feature === feature);
      return [feature, outcome === undefined ? 'not run' : outcome.ok ? 'ok' : 'FAILS'];
    });
    return [name, Object.fromEntries(marks)];
  });
  console.table(Object.fromEntries(rows));
  const faults = [...results].flatMap(([name, outcomes]) =>
    outcomes.filter(({ ok }) => !ok).map((each) => ({ name, ...each })),
  );
  for (const { feature, name, note } of faults) console.log(`${name}, ${feature}: ${note}`);
  const missing = [...results.values()].some((outcomes) => outcomes.length < FEATURES.length);
  process.exitCode = faults.length > 0 || missing ? 1 : 0;
}

await main();
