import { closeSync, constants, fstatSync, ftruncateSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isGone, type LockHolder, ownRecord, parseHolder } from './lock-holder.ts';

export interface ProcessLock {
  /** Gives the lock back. Not needed before a crash: the kernel takes a dead holder's lock away. */
  release(): void;
}

/** A lock that somebody else has. */
export interface HeldLock {
  /** null: the holder left no record. */
  readonly holder: LockHolder | null;
}

/** Locks cannot be had here; the message is one line that says what to do. */
export class LockUnavailableError extends Error {
  override readonly name = 'LockUnavailableError';
}

/** A new holder writes its record right after it has the lock: longest wait for that. */
const RECORD_MS = 500;

/**
 * Takes an exclusive lock between processes, or tells who holds it.
 *
 * The lock is the kernel's, on the file `folder`/holder, so it holds between containers and PID namespaces that share a
 * folder, where nobody sees the other's processes; between machines it is as good as the network file system's locks.
 * The record in the file only says who has it, and is read only while somebody does. The file is never deleted.
 * @throws LockUnavailableError where the file system has no locks, or this platform no binding for them: without one a
 * living owner cannot be told from a dead one.
 */
export async function tryLock(folder: string): Promise<ProcessLock | HeldLock> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'holder');
  const deadline = performance.now() + RECORD_MS;
  for (;;) {
    const file = await openLocked(path, folder);
    if (file !== null) return { release: () => closeSync(file) };
    const holder = parseHolder(await readFile(path, 'utf8'));
    // No record, or the one before: the holder has not written its own yet.
    const isOld = holder === null || isGone(holder);
    if (!isOld || performance.now() > deadline) return { holder: isOld ? null : holder };
    await delay(10);
  }
}

/** {@link tryLock} until it succeeds; null when it was still held after `timeoutMs`. */
export async function waitForLock(folder: string, timeoutMs: number): Promise<ProcessLock | null> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const lock = await tryLock(folder);
    if ('release' in lock) return lock;
    if (performance.now() >= deadline) return null;
    await delay(50);
  }
}

/** The open file with the lock on it; null while somebody else has the lock. */
async function openLocked(path: string, folder: string): Promise<number | null> {
  // A number, not a FileHandle: the garbage collector closes those.
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    if ((await lockByKernel(file, folder)) && isStillAt(file, path)) {
      // In place and never emptied before: it takes no room, so a start works on a full disk, too.
      const record = Buffer.from(JSON.stringify(ownRecord()));
      writeSync(file, record, 0, record.length, 0);
      ftruncateSync(file, record.length);
      return file;
    }
  } catch (error) {
    closeSync(file);
    throw error;
  }
  closeSync(file);
  return null;
}

async function lockByKernel(file: number, folder: string): Promise<boolean> {
  try {
    // Loaded here, so that a platform without the binding gets a sentence.
    return (await import('fs-native-extensions')).tryLock(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no binding';
    throw new LockUnavailableError(
      `${folder} cannot be locked (${code}), so nothing would keep two processes from spoiling its data: choose a folder on a local disk`,
    );
  }
}

/** Whoever removed the folder and made it anew has another file, and locks that one. */
function isStillAt(file: number, path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(file).ino;
}
