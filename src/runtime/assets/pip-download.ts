import { spawn } from 'node:child_process';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const LONGEST_MS = 10 * 60_000;
const WATCH_MS = 300;

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
  let failure = new Error('no pip');
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
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      const noModule = error instanceof Error && error.message.includes('No module named pip');
      if (!missing && !noModule) throw error;
      failure = new Error('pip is not installed');
    } finally {
      clearInterval(watch);
    }
  }
  throw failure;
}

function downloadArguments(requirement: string, folder: string): string[] {
  const args = ['download', '--quiet', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check'];
  // pip waits 15 s five times for a host that is not there; whoever set its variables knows better.
  if (process.env.PIP_DEFAULT_TIMEOUT === undefined) args.push('--timeout', '10');
  if (process.env.PIP_RETRIES === undefined) args.push('--retries', '1');
  return [...args, '--dest', folder, requirement];
}

function runPip(command: string, args: readonly string[], folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      // Its temporary files lie where they are counted for the progress bar, and are removed with the folder.
      env: { ...process.env, TMPDIR: folder },
      timeout: LONGEST_MS,
      killSignal: 'SIGKILL',
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-4000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) return resolve();
      reject(new Error(lastLine(errors) ?? `pip ended with ${code ?? 'a signal'}`));
    });
  });
}

function lastLine(text: string): string | undefined {
  return text
    .split('\n')
    .findLast((line) => line.trim() !== '')
    ?.trim();
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
