import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { HomeInUseError, openHome } from '../../runtime/embedded/home.ts';
import { CliError, EXIT, type ExitCode } from '../exit-codes.ts';
import type { Output } from '../output.ts';

/** What a data folder holds that is worth keeping; the rest is logs, locks and drafts. */
const PARTS = ['pglite', 'temporal.db', 'temporal.db-wal', 'temporal.db-shm', 'blobs', 'keys'];

/**
 * Packs the data of the embedded platform: database, Temporal's history, images, encryption keys. The platform must be
 * stopped: three stores that are copied while they change do not fit together.
 */
export async function runBackup(home: string, target: string, output: Output): Promise<ExitCode> {
  const folder = resolve(home);
  if (!(await exists(join(folder, 'pglite')))) throw new CliError(EXIT.usage, `${folder} holds no data of ktpflow`);
  if (await exists(target)) throw new CliError(EXIT.usage, `${target} is there already`);
  const draft = `${resolve(target)}.part`;
  await whileStopped(folder, async () => {
    const parts = (await readdir(folder)).filter((name) => PARTS.includes(name));
    try {
      await tar(['-czf', draft, '-C', folder, ...parts]);
      await rename(draft, target);
    } finally {
      await rm(draft, { force: true });
    }
  });
  const megabytes = ((await stat(target)).size / 1e6).toFixed(1);
  output.say(`${target}: ${megabytes} MB. It holds the encryption keys: who has it can read everything in it.`);
  if (output.json) await output.print(JSON.stringify({ file: target }));
  return EXIT.ok;
}

/** Unpacks a backup; data that is there is kept aside, under a name that says so. */
export async function runRestore(home: string, source: string, force: boolean, output: Output): Promise<ExitCode> {
  const folder = resolve(home);
  const names = await entriesOf(source);
  const strange = names.find((name) => !PARTS.includes(name.split('/')[0] ?? '') || name.split('/').includes('..'));
  if (strange !== undefined || !names.some((name) => name.startsWith('pglite/'))) {
    throw new CliError(EXIT.usage, `${source} is no backup of ktpflow`);
  }
  const filled = (await exists(folder)) && (await readdir(folder)).some((name) => PARTS.includes(name));
  if (filled && !force) {
    throw new CliError(EXIT.usage, `${folder} holds data; --force puts it aside and restores the backup`);
  }
  await mkdir(dirname(folder), { recursive: true });
  // Beside the target: rename(2) is atomic within one file system only.
  const draft = await mkdtemp(join(dirname(folder), `${basename(folder)}.restore-`));
  try {
    await tar(['-xzf', resolve(source), '-C', draft, '--no-same-owner']);
    if (await exists(folder)) {
      const aside = `${folder}.before-restore-${Date.now()}`;
      await whileStopped(folder, () => rename(folder, aside));
      output.say(filled ? `what was there is in ${aside}` : `the empty folder is now ${aside}`);
    }
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  output.say(`${folder} is restored; start ktpflow as usual`);
  if (output.json) await output.print(JSON.stringify({ home: folder }));
  return EXIT.ok;
}

async function whileStopped(folder: string, work: () => Promise<void>): Promise<void> {
  let home: Awaited<ReturnType<typeof openHome>>;
  try {
    home = await openHome(folder);
  } catch (error) {
    if (error instanceof HomeInUseError) throw new CliError(EXIT.usage, `stop ktpflow first: ${error.message}`);
    throw error;
  }
  try {
    await work();
  } finally {
    // The lock lies in the folder, which may have moved away.
    await home.release().catch(() => undefined);
  }
}

async function entriesOf(archive: string): Promise<string[]> {
  if (!(await exists(archive))) throw new CliError(EXIT.usage, `there is no ${archive}`);
  const listing = await tar(['-tzf', resolve(archive)]).catch(() => {
    throw new CliError(EXIT.usage, `${archive} is no backup of ktpflow`);
  });
  return listing.split('\n').filter((name) => name !== '');
}

/** The system's tar: Linux, macOS and Windows have one. */
async function tar(args: readonly string[]): Promise<string> {
  const child = spawn('tar', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const failed = once(child, 'error').then(([error]) => {
    throw new CliError(EXIT.failure, 'tar cannot be run on this machine', { cause: error });
  });
  const [listing, complaint, [code]] = await Promise.race([
    Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]),
    failed,
  ]);
  if (code !== 0) throw new CliError(EXIT.failure, `tar failed: ${complaint.trim().split('\n').at(-1) ?? code}`);
  return listing;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
