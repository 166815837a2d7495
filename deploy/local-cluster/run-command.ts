import { spawnSync } from 'node:child_process';

/** Runs a command to its end; throws with what it said where it fails. */
export function run(words: readonly string[], cwd: string, environment: NodeJS.ProcessEnv = {}): void {
  const [command = '', ...args] = words;
  const result = spawnSync(command, args, { encoding: 'utf8', cwd, env: { ...process.env, ...environment } });
  if (result.error) throw new Error(`${command} cannot be run: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${words.join(' ')} failed: ${result.stderr}${result.stdout}`);
}
