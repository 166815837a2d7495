import { once } from 'node:events';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { COMMAND_NOT_FOUND, spawnGuarded } from '../processes/guarded-spawn.ts';
import { lastLines } from '../supervisor/last-lines.ts';

const LONGEST_MS = 10 * 60_000;
const WATCH_MS = 300;

class NoPipError extends Error {}

const PIPS: readonly (readonly [command: string, ...args: string[]])[] = [['python3', '-m', 'pip'], ['pip3'], ['pip']];

/**
 * Downloads one wheel with whatever pip this machine has, which knows its index, proxy and certificates.
 * @returns the path of the wheel, inside `folder` (which is emptied first).
 */
export async function pipDownload(
  requirement: string,
  folder: string,
  onProgress: (receivedBytes: number, totalBytes: number | null) => void,
): Promise<string> {
  for (const [command, ...pip] of PIPS) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const watch = setInterval(() => void bytesIn(folder).then((bytes) => onProgress(bytes, null)), WATCH_MS);
    try {
      await runPip(command, [...pip, ...downloadArguments(requirement, folder)], folder);
      const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
      if (wheel === undefined) throw new Error('pip left no wheel');
      return join(folder, wheel);
    } catch (error) {
      if (!(error instanceof NoPipError)) throw error;
    } finally {
      clearInterval(watch);
    }
  }
  throw new NoPipError('pip is not installed');
}

function downloadArguments(requirement: string, folder: string): string[] {
  const args = ['download', '--quiet', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check'];
  // pip waits 15 s five times for a host that is not there; whoever set its variables knows better.
  if (process.env.PIP_DEFAULT_TIMEOUT === undefined) args.push('--timeout', '10');
  if (process.env.PIP_RETRIES === undefined) args.push('--retries', '1');
  return [...args, '--dest', folder, requirement];
}

async function runPip(command: string, args: readonly string[], folder: string): Promise<void> {
  const { guard } = await spawnGuarded(command, args, {
    stdout: 'ignore',
    stderr: 'pipe',
    // Its temporary files lie where they are counted for the progress bar, and are removed with the folder.
    env: { ...process.env, TMPDIR: folder },
  });
  const timer = setTimeout(() => guard.stdin?.end(), LONGEST_MS);
  try {
    let errors = '';
    guard.stderr?.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-4000);
    });
    const [code] = await once(guard, 'close');
    if (code === COMMAND_NOT_FOUND || errors.includes('No module named pip')) throw new NoPipError('no pip here');
    if (code !== 0) throw new Error(lastLines(errors, 1)[0]?.trim() ?? `pip ended with ${code ?? 'a signal'}`);
  } finally {
    clearTimeout(timer);
  }
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
    }
  } catch {
    // A temporary file went away while it was counted: the next round counts again.
  }
  return bytes;
}
