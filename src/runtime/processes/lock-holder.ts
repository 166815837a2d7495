import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { identityOf, isRunning, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** Who holds a lock, as it says itself. A pid means something within its machine and PID namespace only. */
export interface LockHolder extends ProcessIdentity {
  /** The process that forked the holder, if one did: tells a left-over child from one that is still looked after. */
  readonly supervisor: ProcessIdentity | null;
  readonly host: string;
  /** Opaque; differs between containers. */
  readonly pidNamespace: string;
}

/** What this process writes into a lock that it holds. */
export function ownRecord(): LockHolder {
  return {
    ...ownIdentity(),
    // Only a forked child has an IPC channel; the shell that somebody started us from is not our supervisor.
    supervisor: process.send === undefined ? null : identityOf(process.ppid),
    host: hostname(),
    pidNamespace: ownPidNamespace(),
  };
}

/** null for what is no whole record. */
export function parseHolder(text: string): LockHolder | null {
  try {
    const record: unknown = JSON.parse(text);
    return isHolder(record) ? record : null;
  } catch {
    return null;
  }
}

/** For people: `process 123`, or why that one cannot be found here. */
export function describeHolder(holder: LockHolder | null): string {
  if (holder === null) return 'another process';
  if (isVisible(holder)) return `process ${holder.pid}`;
  return `process ${holder.pid} of ${holder.host}, in another container or on another machine`;
}

/** Whether the holder has certainly ended; never true of one whose processes cannot be seen from here. */
export function isGone(holder: LockHolder): boolean {
  return isVisible(holder) && !isRunning(holder);
}

/** Whether the holder is a child of a supervisor that is no more, and can be ended from here. */
export function isLeftOver(holder: LockHolder): boolean {
  return isVisible(holder) && holder.supervisor !== null && !isRunning(holder.supervisor);
}

function isVisible(holder: LockHolder): boolean {
  return holder.host === hostname() && holder.pidNamespace === ownPidNamespace();
}

/** Two namespaces of one machine never have the same number; containers have one each. */
function ownPidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    // No Linux: one namespace a machine.
    return '';
  }
}

function isHolder(record: unknown): record is LockHolder {
  return (
    typeof record === 'object' &&
    record !== null &&
    'pid' in record &&
    'startedAt' in record &&
    'host' in record &&
    'pidNamespace' in record
  );
}
