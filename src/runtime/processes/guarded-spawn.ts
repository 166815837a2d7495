import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text as readAll } from 'node:stream/consumers';

/**
 * Ends a command when the pipe on our standard input closes, which the kernel does however our parent died. Two
 * processes hold that pipe's end: whichever of them is killed, the other one still ends the command. What the shell
 * says of a command that was killed (`Terminated`) is for nobody.
 */
const GUARD = `
exec 4<&0 </dev/null
"$@" 3>&- 4<&- &
command=$!
echo "$command" >&3
exec 3>&-
(while read -r _ <&4; do :; done; kill -KILL "$command") 2>/dev/null &
lifeline=$!
wait "$command" 2>/dev/null
status=$?
kill -KILL "$lifeline" 2>/dev/null
exit "$status"
`;

/** The guard's exit status for a command that is not there, as in every POSIX shell. */
export const COMMAND_NOT_FOUND = 127;

export interface GuardedSpawnOptions {
  /** File descriptor of a log, or a pipe to read from. */
  readonly stdout: number | 'ignore';
  readonly stderr: number | 'pipe';
  readonly env: NodeJS.ProcessEnv;
  /** Default: that of this process. */
  readonly cwd?: string;
}

export interface GuardedProcess {
  /** The guard: it exits with the command's status, and its pid is that of the process group of both. */
  readonly guard: ChildProcess;
  readonly commandPid: number;
}

/**
 * Starts a foreign program that must not outlive this process, not even a kill -9 of it, in a session of its own (a
 * terminal's Ctrl-C does not reach it). Its command line stays its own.
 */
export async function spawnGuarded(
  command: string,
  args: readonly string[],
  options: GuardedSpawnOptions,
): Promise<GuardedProcess> {
  const guard = spawn('sh', ['-c', GUARD, 'ktpflow-guard', command, ...args], {
    detached: true,
    stdio: ['pipe', options.stdout, options.stderr, 'pipe'],
    env: options.env,
    cwd: options.cwd,
  });
  await once(guard, 'spawn');
  const pidPipe = guard.stdio[3];
  if (pidPipe == null || !('setEncoding' in pidPipe)) throw new Error('the guard has no pipe');
  return { guard, commandPid: Number((await readAll(pidPipe)).trim()) };
}
