import type { ChildProcess } from 'node:child_process';
import { forkModule } from '../processes/fork-module.ts';
import { signal } from '../processes/process-identity.ts';
import type { Part, PartEnd } from './keep-running.ts';
import { lastLines } from './last-lines.ts';
import { type DrainRequest, isRoleReport } from './role-messages.ts';
import { SUPERVISED_ARGUMENT } from './supervised.ts';

/** Enough of the standard error to hold the reason of a crash. */
const ERROR_BYTES = 8192;

export interface RoleChild extends Part {
  readonly pid: number;
}

/**
 * Forks main.js for some roles (named in the environment), in a session of its own, so that a terminal's Ctrl-C
 * reaches only the supervisor. The IPC channel is its lifeline.
 */
export function forkRole(
  childModule: string,
  environment: NodeJS.ProcessEnv,
  onReady: (address: string | undefined) => void,
): RoleChild {
  const child = forkModule(childModule, [SUPERVISED_ARGUMENT], {
    env: environment,
    detached: true,
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  const errors = teeErrors(child);
  let hopeless: string | null = null;

  const ended = new Promise<PartEnd>((resolve) => {
    child.on('error', (error) => resolve({ reason: error.message, hopeless: false }));
    // `close` comes after the last of the standard error.
    child.on('close', (code, signalName) => {
      if (hopeless !== null) return resolve({ reason: hopeless, hopeless: true });
      const how = `ended (${signalName ?? `code ${code}`})`;
      resolve({ reason: [how, ...errors.reason()].join(': '), hopeless: false });
    });
  });
  const ready = new Promise<void>((resolve) => {
    child.on('message', (message) => {
      if (!isRoleReport(message)) return;
      if (message.type === 'hopeless') hopeless = message.message;
      else {
        onReady(message.address);
        resolve();
      }
    });
  });

  return {
    pid: child.pid ?? -1,
    ready,
    ended,
    drain() {
      const request: DrainRequest = { type: 'drain' };
      if (child.connected) child.send(request, () => {});
    },
    kill() {
      if (child.pid !== undefined) signal(child.pid, 'SIGKILL');
    },
  };
}

/** Passes the standard error on and remembers its end. */
function teeErrors(child: ChildProcess): { reason(): string[] } {
  let tail = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk);
    tail = (tail + chunk.toString()).slice(-ERROR_BYTES);
  });
  return {
    reason() {
      const lines = lastLines(tail, 40).filter((line) => !/^\s|^Node\.js v|^[{}]/.test(line));
      const error = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1);
      return error === undefined ? [] : [error.trim()];
    },
  };
}
