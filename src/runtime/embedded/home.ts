import { existsSync } from 'node:fs';
import { access, chmod, constants, mkdir, readdir, realpath, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { describeHolder } from '../processes/lock-holder.ts';
import { type ProcessLock, tryLock } from '../processes/process-lock.ts';

/** The folder that holds the data of the embedded shape (KTPFLOW_HOME), owned by one supervisor at a time. */
export interface Home {
  /** Absolute, with symbolic links resolved, so that one folder has one name. */
  readonly path: string;
  /** SQLite file of the Temporal server. */
  readonly temporalDatabasePath: string;
  readonly logsPath: string;
  release(): Promise<void>;
}

/** Another supervisor owns the folder; the message is one line that names its pid. */
export class HomeInUseError extends Error {
  override readonly name = 'HomeInUseError';
}

/** No start with this folder as it is; the message is one line that says what to do. */
export class HomeUnusableError extends Error {
  override readonly name = 'HomeUnusableError';
}

/** An empty database takes 40 MB, Temporal's 5, and both as much again for their logs. */
const FIRST_START_BYTES = 100e6;

/**
 * Creates the folder where needed (0700) and takes it for this process.
 * @throws HomeInUseError while another process has it. After a crash it is free at once.
 */
export async function openHome(configured: string): Promise<Home> {
  const path = await createPrivateFolder(configured);
  await checkRights(path);
  await checkRoom(path);
  const lock = await lockHome(path);
  const logsPath = join(path, 'logs');
  await mkdir(logsPath, { recursive: true, mode: 0o700 });
  return {
    path,
    temporalDatabasePath: join(path, 'temporal.db'),
    logsPath,
    release: async () => lock.release(),
  };
}

async function createPrivateFolder(configured: string): Promise<string> {
  await makeFirstMissing(resolve(configured));
  await mkdir(configured, { recursive: true, mode: 0o700 });
  const path = await realpath(configured);
  await chmod(path, 0o700);
  return path;
}

/** Where nothing can be made (below /proc, for one), Node's recursive mkdir tries for ever. */
async function makeFirstMissing(path: string): Promise<void> {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (existsSync(parent)) await mkdir(path, { mode: 0o700 });
  else await makeFirstMissing(parent);
}

/** Each part must be ours: after one start as root, or as another user, the next one would stumble in its middle. */
async function checkRights(path: string): Promise<void> {
  for (const folder of [path, join(path, 'keys'), join(path, 'logs'), join(path, 'blobs')]) {
    const parts = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    for (const part of parts) {
      await access(join(folder, part), constants.R_OK | constants.W_OK).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return;
        throw new HomeUnusableError(
          `${join(folder, part)} may not be used by this user (${error.code}): sudo chown -R ${process.getuid?.()} '${path}', or set KTPFLOW_HOME to another folder`,
        );
      });
    }
  }
}

/** A first start on a disk that is nearly full would leave halves; a later one serves what it has. */
async function checkRoom(path: string): Promise<void> {
  if ((await readdir(path)).includes('pglite')) return;
  const { bavail, bsize } = await statfs(path);
  const free = bavail * bsize;
  if (free >= FIRST_START_BYTES) return;
  const megabytes = (bytes: number) => `${Math.floor(bytes / 1e6)} MB`;
  throw new HomeUnusableError(
    `${megabytes(free)} are free on the disk of ${path}, a first start needs ${megabytes(FIRST_START_BYTES)}: make room, or set KTPFLOW_HOME to a folder on another disk`,
  );
}

async function lockHome(path: string): Promise<ProcessLock> {
  const answer = await tryLock(join(path, 'supervisor.lock'));
  if ('release' in answer) return answer;
  const who = describeHolder(answer.holder);
  throw new HomeInUseError(`${path} is in use by ktpflow, ${who}: stop that one, or set KTPFLOW_HOME`);
}
