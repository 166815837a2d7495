import './inference/refuse-telemetry.ts';
import { fileURLToPath } from 'node:url';
import { type Config, ConfigError, readConfig } from './config.ts';

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

try {
  // What is left in the event loop (pooled connections, timers of libraries) must not keep a drained process alive.
  process.exit(await main(readConfig()));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(`ktpflow: ${error.message}`);
  process.exit(1);
}
