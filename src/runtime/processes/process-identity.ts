import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A process that a recycled pid cannot be taken for: its pid and when it started. `startedAt` is opaque; on Linux the
 * boot id and the clock ticks since boot (procps need not be installed), elsewhere what `ps` says.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

const LINUX = process.platform === 'linux';

export function ownIdentity(): ProcessIdentity {
  const identity = identityOf(process.pid);
  if (identity === null) throw new Error('the operating system does not tell when this process started');
  return identity;
}

/** The identity of the process that has this pid now; null when there is none, or only a zombie. */
export function identityOf(pid: number): ProcessIdentity | null {
  const startedAt = LINUX ? linuxStart(pid) : psField(pid, 'lstart');
  return startedAt === null ? null : { pid, startedAt };
}

/** Whether that very process still runs; false for a zombie and for another process with the same pid. */
export function isRunning(process: ProcessIdentity): boolean {
  return identityOf(process.pid)?.startedAt === process.startedAt;
}

/** Whether any process has this pid; a zombie does not count. */
export function isAlive(pid: number): boolean {
  return identityOf(pid) !== null;
}

/** The parent's pid; null when the process is gone. */
export function parentPidOf(pid: number): number | null {
  const text = LINUX ? (linuxStat(pid)?.[1] ?? null) : psField(pid, 'ppid');
  return text === null ? null : Number(text);
}

/** The command line, arguments parted by blanks; null when the process is gone. */
export function commandLineOf(pid: number): string | null {
  if (!LINUX) return psField(pid, 'command');
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return null;
  }
}

/** Ends a process at once and waits until it is gone; does nothing when it is not that process any more. */
export async function endProcess(target: ProcessIdentity, timeoutMs = 5000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (isRunning(target)) {
    signal(target.pid, 'SIGKILL');
    if (performance.now() > deadline) throw new Error(`process ${target.pid} does not end`);
    await delay(20);
  }
}

/** Sends a signal to a process, or with a negative pid to a group; false when there is none. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** All processes whose command line holds every one of the given texts. */
export function findProcesses(...texts: string[]): ProcessIdentity[] {
  return allCommandLines()
    .filter(([pid, command]) => pid !== process.pid && texts.every((text) => command.includes(text)))
    .map(([pid]) => identityOf(pid))
    .filter((identity) => identity !== null);
}

function allCommandLines(): [pid: number, command: string][] {
  if (LINUX) {
    const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
    return pids.map((pid) => [pid, commandLineOf(pid) ?? '']);
  }
  const lines = execFileSync('ps', ['-axww', '-o', 'pid=,command='], { encoding: 'utf8' }).split('\n');
  return lines.map((line) => {
    const [pid = '', ...command] = line.trim().split(/\s+/);
    return [Number(pid), command.join(' ')];
  });
}

function linuxStart(pid: number): string | null {
  const fields = linuxStat(pid);
  if (fields === null || fields[0] === 'Z' || fields[0] === 'X') return null;
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${bootId}/${fields[19]}`;
}

/** proc(5): the fields of `stat` from the third (state) on; the second, the name, may itself hold blanks and brackets. */
function linuxStat(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function psField(pid: number, field: 'lstart' | 'ppid' | 'command'): string | null {
  try {
    // The state comes first, so that a zombie can be told.
    const output = execFileSync('ps', ['-ww', '-o', `state=,${field}=`, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    if (output === '' || output.startsWith('Z')) return null;
    return output.replace(/^\S+\s+/, '');
  } catch {
    return null;
  }
}
