import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcess, identityOf, isRunning, type ProcessIdentity } from './process-identity.ts';

/** Left-over children end by themselves, at once, when their supervisor dies; after this they are helped. */
const LEAVE_MS = 1000;

/** Remembers the children of a supervisor in its home, for the one that comes after a crash. */
export interface ChildRecords {
  /** Synchronous: a crash right after the fork must not find an old list. */
  add(pid: number): void;
}

/** Waits until the children that a dead supervisor recorded are gone, ending those that stay; then starts a new list. */
export async function endRecordedChildren(home: string): Promise<ChildRecords> {
  const path = join(home, 'children.json');
  const leftOver = readRecords(path).filter(isRunning);
  const deadline = performance.now() + LEAVE_MS;
  while (leftOver.some(isRunning) && performance.now() < deadline) await delay(20);
  await Promise.all(leftOver.map((child) => endProcess(child)));

  const children: ProcessIdentity[] = [];
  return {
    add(pid) {
      const identity = identityOf(pid);
      if (identity === null) return;
      const running = children.filter(isRunning);
      children.splice(0, children.length, ...running, identity);
      writeFileSync(`${path}.draft`, JSON.stringify(children), { mode: 0o600 });
      renameSync(`${path}.draft`, path);
    },
  };
}

function readRecords(path: string): ProcessIdentity[] {
  try {
    const records: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(records) ? records.filter(isIdentity) : [];
  } catch {
    return [];
  }
}

function isIdentity(record: unknown): record is ProcessIdentity {
  return (
    typeof record === 'object' &&
    record !== null &&
    'pid' in record &&
    typeof record.pid === 'number' &&
    'startedAt' in record &&
    typeof record.startedAt === 'string'
  );
}
