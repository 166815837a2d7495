import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connection } from '@temporalio/client';
import { parse, stringify } from 'yaml';
import { servesNamespace } from '../../src/runtime/embedded/grpc-probe.ts';
import type { Binaries } from './binaries.ts';
import type { Ports } from './ports.ts';
import { run } from './run-command.ts';
import type { ServiceDefinition } from './service.ts';

const SETUP_SCHEMA = fileURLToPath(new URL('../temporal/setup-schema.sh', import.meta.url));
const DYNAMIC_CONFIG = fileURLToPath(new URL('../temporal/dynamic-config.yaml', import.meta.url));
/** Every Temporal server has it. */
const SYSTEM_NAMESPACE = 'temporal-system';
const RETENTION_SECONDS = 24 * 3600;

export interface Temporal {
  readonly definition: ServiceDefinition;
  /** host:port */
  readonly address: string;
  /** Brings both databases to the release's schema, with the script of docker-compose.yml. */
  setupSchema(): void;
  createNamespace(name: string): Promise<void>;
}

export interface TemporalOptions {
  readonly binaries: Binaries;
  readonly folder: string;
  readonly ports: Ports;
  readonly database: { readonly port: number; readonly password: string };
  readonly historyShards: number;
  /** Over those of deploy/temporal/dynamic-config.yaml. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** One server with all four services, as `temporalio/server` runs them in docker-compose.yml. */
export async function prepareTemporal(options: TemporalOptions): Promise<Temporal> {
  const { binaries, folder, ports, database } = options;
  const frontend = await ports.next();
  const address = `127.0.0.1:${frontend}`;
  const home = join(folder, 'temporal');
  mkdirSync(home);
  const dynamicConfig = dynamicConfigIn(home, options.settings);
  writeFileSync(join(home, 'cluster.yaml'), stringify(await serverConfig(options, frontend, dynamicConfig)));
  return {
    address,
    definition: {
      name: 'temporal',
      command: binaries.temporalServer,
      args: ['--root', folder, '--config', 'temporal', '--env', 'cluster', '--allow-no-auth', 'start'],
      cwd: home,
      isReady: () => servesNamespace(address, SYSTEM_NAMESPACE),
    },
    setupSchema: () =>
      run(['sh', SETUP_SCHEMA], home, {
        PATH: `${binaries.toolFolder}${delimiter}${process.env.PATH}`,
        TEMPORAL_SCHEMA: binaries.temporalSchema,
        POSTGRES_SEEDS: '127.0.0.1',
        DB_PORT: String(database.port),
        POSTGRES_USER: 'temporal',
        SQL_PASSWORD: database.password,
      }),
    createNamespace: (name) => createNamespace(address, name),
  };
}

/** The very file that docker-compose.yml mounts, or a copy with further settings. @returns its path */
function dynamicConfigIn(home: string, settings: Readonly<Record<string, unknown>>): string {
  const further = Object.entries(settings).map(([name, value]) => [name, [{ value }]]);
  if (further.length === 0) return DYNAMIC_CONFIG;
  const path = join(home, 'dynamic-config.yaml');
  writeFileSync(path, stringify({ ...parse(readFileSync(DYNAMIC_CONFIG, 'utf8')), ...Object.fromEntries(further) }));
  return path;
}

async function createNamespace(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address, channelArgs: { 'grpc.enable_http_proxy': 0 } });
  try {
    const workflowExecutionRetentionPeriod = { seconds: RETENTION_SECONDS } as never;
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  } finally {
    await connection.close();
  }
}

/** The server's configuration file, in the words of its own `config/development-postgres12.yaml`. */
async function serverConfig(
  { ports, database, historyShards }: TemporalOptions,
  frontend: number,
  dynamicConfig: string,
): Promise<unknown> {
  const store = (databaseName: string, connections: number) => ({
    sql: {
      pluginName: 'postgres12',
      databaseName,
      connectAddr: `127.0.0.1:${database.port}`,
      connectProtocol: 'tcp',
      user: 'temporal',
      password: database.password,
      maxConns: connections,
      maxIdleConns: connections,
      maxConnLifetime: '1h',
    },
  });
  const service = async (grpcPort: number) => ({
    rpc: { grpcPort, membershipPort: await ports.next(), bindOnLocalHost: true },
  });
  return {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'default',
      visibilityStore: 'visibility',
      numHistoryShards: historyShards,
      datastores: { default: store('temporal', 20), visibility: store('temporal_visibility', 10) },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: {
      frontend: await service(frontend),
      matching: await service(await ports.next()),
      history: await service(await ports.next()),
      worker: await service(await ports.next()),
    },
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `127.0.0.1:${frontend}`,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    dynamicConfigClient: { filepath: dynamicConfig, pollInterval: '60s' },
  };
}
