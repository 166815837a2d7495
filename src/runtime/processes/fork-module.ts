import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * The module beside `from`, under the ending that this build has: `.ts` from source, `.js` in dist.
 * @param from import.meta.url of the caller.
 */
export function siblingModule(from: string, name: string): string {
  const ending = from.endsWith('.ts') ? '.ts' : '.js';
  return fileURLToPath(new URL(`./${name}${ending}`, from));
}

/** fork() for a module of ours, which from source needs the loader that compiles it. */
export function forkModule(path: string, args: readonly string[], options: ForkOptions): ChildProcess {
  const execArgv = path.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : [];
  return fork(path, args, { ...options, execArgv });
}
