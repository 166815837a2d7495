import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Config, Role } from '../../config.ts';
import { ConfigError } from '../../config.ts';
import { Keyring } from '../../encryption/keyring.ts';
import { temporalSecurity } from '../../encryption/temporal-security.ts';
import { blockOtherLoaders } from '../../media/allowed-loaders.ts';
import { createLogger } from '../../observability/logger.ts';
import { createMetrics } from '../../observability/metrics.ts';
import { startTracing } from '../../observability/tracing/start-tracing.ts';
import { createTemporalLog } from '../../worker/temporal-log.ts';
import { CleanupStack } from './cleanup-stack.ts';
import { startHealthServer } from './health-server.ts';
import { openBlobs } from './open-blobs.ts';
import type { RoleContext } from './role-context.ts';

export interface RunningRoles {
  /** Stops accepting, lets running work finish within its grace time, closes everything. */
  drain(): Promise<void>;
}

export interface RunRolesOptions {
  /** Called once, when everything of this process that can start has started. */
  onReady(info: { address?: string }): void;
}

/**
 * Runs the named roles in this process, as the embedded platform's children and a distributed deployment's services
 * do alike.
 */
export async function runRoles(
  config: Config,
  roles: readonly Role[],
  options: RunRolesOptions,
): Promise<RunningRoles> {
  const logger = createLogger({ level: config.LOG_LEVEL, component: roles.join(' and ') });
  const closers = new CleanupStack();
  try {
    if (config.ENCRYPTION_KEYS.length === 0) {
      throw new ConfigError('ENCRYPTION_KEYS: needed by a process with ROLES, as id:base64 with a key of 32 bytes');
    }
    // A certificate that is not there stops the start; workers would look for it again and again.
    temporalSecurity(config);
    const tracing = await startTracing({
      service: `ktpflow-${roles.join('-')}`,
      onFault: () => logger.warn('traces.export_failed'),
    });
    if (tracing) closers.add('traces', () => tracing.close());
    const metrics = createMetrics();
    Runtime.install({
      logger: createTemporalLog(logger, metrics.workflowTaskFailed),
      telemetryOptions: {
        logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
      },
      shutdownSignals: [],
    });
    blockOtherLoaders();
    const keyring = new Keyring(config.ENCRYPTION_KEYS);
    const readinessChecks: RoleContext['readinessChecks'] = [];
    let started = false;
    if (config.HEALTH_PORT !== undefined) {
      const health = await startHealthServer(config.HEALTH_PORT, config.HOST, {
        fault: () => (started ? readinessChecks.find(({ works }) => !works())?.component : 'start') ?? null,
        registry: metrics.registry,
      });
      closers.add('health', () => health.close());
    }
    const blobs = await openBlobs(config, keyring);
    const context: RoleContext = { config, keyring, blobs, logger, metrics, closers, readinessChecks };
    let address: string | undefined;
    if (roles.includes('api') || roles.includes('worker')) {
      const { runDatabaseRoles } = await import('./database-roles.ts');
      address = await runDatabaseRoles(context, roles);
    }
    if (roles.includes('inference')) {
      const { runInferenceRole } = await import('./inference-role.ts');
      await runInferenceRole(context);
    }
    started = true;
    options.onReady(address === undefined ? {} : { address });
    return { drain: () => closers.closeAll(logger) };
  } catch (error) {
    await closers.closeAll(logger);
    throw error;
  }
}
