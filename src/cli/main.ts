#!/usr/bin/env node
import { ConfigError } from '../config.ts';
import { applyEnvFile, isOwnFolder } from '../runtime/environment/apply-env-file.ts';
import { onEndingSignal } from './ending-signals.ts';
import { EXIT } from './exit-codes.ts';
import { reachThisMachineDirectly } from './reach-this-machine.ts';

onEndingSignal(() => {
  process.stderr.write('ktpflow: interrupted\n', () => process.exit(EXIT.interrupted));
});
try {
  if (isOwnFolder(process.cwd())) applyEnvFile(process.cwd());
  reachThisMachineDirectly();
  // Its modules read the environment as they are loaded.
  const { runProgram } = await import('./program.ts');
  process.exitCode = await runProgram(process.argv.slice(2));
} catch (error) {
  console.error(`ktpflow: ${messageOf(error)}`);
  process.exitCode = EXIT.failure;
}
// Pooled connections and timers of libraries must not keep a finished program alive; what was printed goes out first.
process.stdout.write('', () => process.exit());

function messageOf(error: unknown): string {
  if (error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd') {
    return 'the folder that this was started in is gone: go to another one';
  }
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof ConfigError ? message : `unexpected error: ${message}`;
}
