import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { KtpflowError } from '../errors.ts';

/** Packages that bring an ffmpeg of their own, by preference; both are optional. */
const PACKAGES = ['ffmpeg-static', '@ffmpeg-installer/ffmpeg'];

/**
 * Path of an ffmpeg: the configured one, else the first on PATH, else what npm installed.
 * @throws KtpflowError unsupported_content_part where there is none
 */
export async function findFfmpeg(configured: string | undefined): Promise<string> {
  if (configured !== undefined) {
    if (await isExecutable(configured)) return configured;
    throw new KtpflowError(
      'unsupported_content_part',
      'Videos cannot be read: FFMPEG_PATH does not point to a program.',
    );
  }
  const onPath = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = [...onPath.map((folder) => join(folder, 'ffmpeg')), ...PACKAGES.flatMap(packagedPath)];
  for (const candidate of candidates) if (await isExecutable(candidate)) return candidate;
  throw new KtpflowError('unsupported_content_part', 'Videos cannot be read: ffmpeg is not installed here.');
}

/** ffmpeg-static exports the path itself, @ffmpeg-installer an object with it. */
function packagedPath(name: string): string[] {
  try {
    const exported: unknown = createRequire(import.meta.url)(name);
    if (typeof exported === 'string') return [exported];
    return typeof exported === 'object' && exported !== null && 'path' in exported && typeof exported.path === 'string'
      ? [exported.path]
      : [];
  } catch {
    return [];
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface FfmpegRun {
  readonly ok: boolean;
  readonly stdout: Buffer;
  /** The last kilobytes. */
  readonly stderr: string;
}

const MAX_STDERR_CHARACTERS = 64 * 1024;

/**
 * Runs ffmpeg without a shell, without our environment and without input. It is killed, and waited for, once the
 * signal is aborted or it has written too much; a run that fails otherwise is answered, not thrown.
 * @throws the signal's reason
 */
export async function runFfmpeg(
  path: string,
  commandArguments: readonly string[],
  { signal, maxOutputBytes }: { signal: AbortSignal; maxOutputBytes: number },
): Promise<FfmpegRun> {
  signal.throwIfAborted();
  const child = spawn(path, ['-nostdin', '-hide_banner', ...commandArguments], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {},
  });
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  const output: Buffer[] = [];
  let size = 0;
  let stderr = '';
  child.stdout.on('data', (part: Buffer) => {
    size += part.length;
    if (size > maxOutputBytes) kill();
    else output.push(part);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARACTERS);
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    signal.throwIfAborted();
    return { ok: code === 0 && size <= maxOutputBytes, stdout: Buffer.concat(output), stderr };
  } finally {
    signal.removeEventListener('abort', kill);
  }
}
