import './inference/refuse-telemetry.ts';
import { fileURLToPath } from 'node:url';
import { type Config, ConfigError, readConfig } from './config.ts';
import { applyEnvFile } from './runtime/environment/apply-env-file.ts';
import { outliveReaders } from './runtime/processes/outlive-readers.ts';
import { isSupervised } from './runtime/supervisor/supervised.ts';

/**
 * What `npm start` runs: the embedded platform, or with ROLES one process of it. Each shape loads only its own
 * modules: a supervisor without Temporal, Prisma and ONNX takes a fraction of the memory.
 */
async function main(config: Config): Promise<number> {
  if (config.ROLES !== undefined) {
    const { runRoleProcess } = await import('./runtime/supervisor/role-process.ts');
    return runRoleProcess(config, config.ROLES, async () => (await import('./runtime/roles/roles.ts')).runRoles);
  }
  const { createAssetReport } = await import('./runtime/assets/report.ts');
  const { runSupervisor } = await import('./runtime/supervisor/supervisor.ts');
  return runSupervisor({
    config,
    environment: process.env,
    childModule: fileURLToPath(import.meta.url),
    say: (line) => console.log(line),
    reportError: (line) => console.error(line),
    assetReport: createAssetReport(process.stdout),
  });
}

outliveReaders();
try {
  // A child has what its supervisor left it: inference none of the secrets.
  if (!isSupervised()) applyEnvFile(process.cwd());
  // What is left in the event loop (pooled connections, timers of libraries) must not keep a drained process alive.
  process.exit(await main(readConfig()));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(`ktpflow: ${error.message}`);
  process.exit(1);
}
