import { chmod, mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
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

/**
 * Creates the folder where needed (0700) and takes it for this process.
 * @throws HomeInUseError while another process has it. After a crash it is free at once.
 */
export async function openHome(configured: string): Promise<Home> {
  const path = await createPrivateFolder(configured);
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
  await mkdir(configured, { recursive: true, mode: 0o700 });
  const path = await realpath(configured);
  await chmod(path, 0o700);
  return path;
}

async function lockHome(path: string): Promise<ProcessLock> {
  const answer = await tryLock(join(path, 'supervisor.lock'));
  if ('release' in answer) return answer;
  const who = describeHolder(answer.holder);
  throw new HomeInUseError(`${path} is in use by ktpflow, ${who}: stop that one, or set KTPFLOW_HOME`);
}
