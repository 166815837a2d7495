import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identityOf, isRunning, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** Who holds a lock. */
export interface LockHolder extends ProcessIdentity {
  /** The process that forked the holder, if one did: tells a left-over child from one that is still looked after. */
  readonly supervisor: ProcessIdentity | null;
}

export interface ProcessLock {
  /** Gives the lock back. Not needed before a crash: a dead holder's lock is free. */
  release(): Promise<void>;
}

/**
 * Takes an exclusive lock between processes, or tells who holds it.
 *
 * Node has no flock(2), and "create a file, remove it when its owner is dead" lets two newcomers remove each other's
 * fresh file. So a lock is a folder of generations: the highest number is the current holder, a dead or released one
 * is followed by number + 1, which link(2) creates complete and only once. The highest file is never deleted.
 */
export async function tryLock(folder: string): Promise<ProcessLock | LockHolder> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `draft-${randomUUID()}`);
  await writeFile(draft, JSON.stringify(ownRecord()), { mode: 0o600 });
  try {
    for (;;) {
      const current = await highestGeneration(folder);
      const holder = current === 0 ? null : await readHolder(join(folder, String(current)));
      if (holder === 'gone') continue;
      if (holder !== null && isRunning(holder)) return holder;
      const mine = current + 1;
      if (!(await linkOnce(draft, join(folder, String(mine))))) continue;
      // Others may have come and gone, and cleaned up, between the listing and the link.
      if ((await highestGeneration(folder)) !== mine) {
        await rm(join(folder, String(mine)), { force: true });
        continue;
      }
      await removeOlder(folder, mine);
      return { release: () => markReleased(folder, mine) };
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** {@link tryLock} until it succeeds; null when it was still held by a running process after `timeoutMs`. */
export async function waitForLock(folder: string, timeoutMs: number): Promise<ProcessLock | null> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const lock = await tryLock(folder);
    if ('release' in lock) return lock;
    if (performance.now() >= deadline) return null;
    await delay(50);
  }
}

function ownRecord(): LockHolder {
  // Only a forked child has an IPC channel; the shell that somebody started us from is not our supervisor.
  return { ...ownIdentity(), supervisor: process.send === undefined ? null : identityOf(process.ppid) };
}

async function highestGeneration(folder: string): Promise<number> {
  const names = await readdir(folder);
  return Math.max(0, ...names.map(Number).filter(Number.isInteger));
}

/** null: released, or unreadable and so nobody's; 'gone': a newer generation replaced it meanwhile. */
async function readHolder(path: string): Promise<LockHolder | null | 'gone'> {
  try {
    const record: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isHolder(record) ? record : null;
  } catch (error) {
    return isNotFound(error) ? 'gone' : null;
  }
}

function isHolder(record: unknown): record is LockHolder {
  return typeof record === 'object' && record !== null && 'pid' in record && 'startedAt' in record;
}

async function linkOnce(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function removeOlder(folder: string, mine: number): Promise<void> {
  const older = (await readdir(folder)).map(Number).filter((number) => Number.isInteger(number) && number < mine);
  await Promise.all(older.map((number) => rm(join(folder, String(number)), { force: true })));
}

/** A record without a holder is nobody's. Takes no room: an orderly stop has to work on a full disk, too. */
async function markReleased(folder: string, mine: number): Promise<void> {
  await truncate(join(folder, String(mine)));
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
