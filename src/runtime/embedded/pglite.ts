import { once } from 'node:events';
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { forkModule, siblingModule } from '../processes/fork-module.ts';
import { describeHolder, isLeftOver } from '../processes/lock-holder.ts';
import { endProcess } from '../processes/process-identity.ts';
import { type ProcessLock, tryLock } from '../processes/process-lock.ts';
import { lastLines } from '../supervisor/last-lines.ts';

export interface EmbeddedDatabase {
  /** For pglite-prisma-adapter. */
  readonly pglite: PGlite;
  /** Closes the database and gives its lock back. */
  close(): Promise<void>;
}

/** Another process owns the database; the message is one line that names its pid. */
export class DatabaseInUseError extends Error {
  override readonly name = 'DatabaseInUseError';
}

/** Longest wait for an owner that is about to end: a supervisor gives its children ten seconds. */
const OWNER_WAIT_MS = 12_000;
const INITIALISE_MS = 120_000;

/**
 * PGlite's own start parameters, with 16 MB of shared buffers instead of 128: our rows are small and few, and it
 * takes 90 MB off the process. Its `relaxedDurability` stays off: every acknowledged row has been handed to the
 * operating system and survives the death of this process. It does not survive a power cut (fdatasync does nothing
 * inside WebAssembly): that is what DATABASE_URL is for.
 */
const START_PARAMETERS = [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB'];

/**
 * Opens the embedded PostgreSQL in `home`/pglite, creating it at the first start, and owns it until it is closed or
 * this process ends. PGlite has no lock of its own, and two processes on one folder lose acknowledged rows without
 * an error: hence ours.
 * @throws DatabaseInUseError when a living owner does not let go.
 */
export async function openEmbeddedDatabase(
  home: string,
  ownerWaitMs: number = OWNER_WAIT_MS,
): Promise<EmbeddedDatabase> {
  const lock = await ownDatabase(join(home, 'pglite.lock'), ownerWaitMs);
  try {
    const folder = join(home, 'pglite');
    if (!(await exists(join(folder, 'PG_VERSION')))) await initialise(home, folder);
    const pglite = await PGlite.create({ dataDir: folder, startParams: START_PARAMETERS });
    return {
      pglite,
      async close() {
        await pglite.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function ownDatabase(folder: string, waitMs: number): Promise<ProcessLock> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const answer = await tryLock(folder);
    if ('release' in answer) return answer;
    const { holder } = answer;
    if (holder !== null && isLeftOver(holder)) await endProcess(holder);
    else if (performance.now() > deadline) {
      throw new DatabaseInUseError(
        `the database in ${dirname(folder)} is in use by ${describeHolder(holder)}: stop that one, or set KTPFLOW_HOME`,
      );
    } else await delay(50);
  }
}

/** In a folder of its own first: what a killed initdb leaves behind must never be taken for a database. */
async function initialise(home: string, folder: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (name.startsWith('pglite.new-')) await rm(join(home, name), { recursive: true, force: true, maxRetries: 3 });
  }
  const draft = join(home, `pglite.new-${process.pid}`);
  await mkdir(draft, { mode: 0o700 });
  const child = forkModule(siblingModule(import.meta.url, 'pglite-initialise'), [draft], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: INITIALISE_MS,
    killSignal: 'SIGKILL',
  });
  // It hears that its parent has gone once initdb lets it: seconds later, in a home that may be another's by then.
  const killChild = () => child.kill('SIGKILL');
  process.on('exit', killChild);
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  const [code] = await once(child, 'exit');
  process.off('exit', killChild);
  if (code !== 0) throw new Error(['creating the database failed', ...lastLines(errors, 3)].join(': '));
  await rename(draft, folder);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
