import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { startTemporalServer, type TemporalServer } from '../../src/runtime/embedded/temporal-server.ts';
import { freePort } from '../../src/runtime/processes/free-port.ts';

/** The Temporal that a platform under test uses. */
export interface TemporalService {
  readonly address: string;
  readonly namespace: string;
  ready(): Promise<void>;
  stop(): Promise<void>;
}

const RETENTION_SECONDS = 24 * 3600;
/** A server's parts learn of a new namespace within ten seconds, each for itself. */
const KNOWN_MS = 30_000;
const LOOK_AGAIN_MS = 500;

/**
 * A namespace of its own on a server that runs: the one of this process or, with TEST_TEMPORAL_ADDRESS, that of a
 * cluster, on PostgreSQL.
 * @param folder where a server of its own gets its files, as the tests that look into them need it
 */
export async function startTemporalService(folder: string | null): Promise<TemporalService> {
  const running = process.env.TEST_TEMPORAL_ADDRESS;
  if (running) return namespaceOn(running);
  if (folder === null) return namespaceOn((await serverOfProcess()).address);
  const server = await startServer(folder);
  return { address: server.address, namespace: 'default', ready: () => server.ready(), stop: () => server.stop() };
}

let shared: Promise<TemporalServer> | undefined;

/** Files share the process (vitest.config.ts), and a server takes a second to start and one to stop. It ends with it. */
function serverOfProcess(): Promise<TemporalServer> {
  shared ??= (async () => {
    const server = await startServer(
      await mkdtemp(join(process.env.KTPFLOW_TEST_SHARED_FOLDER ?? tmpdir(), 'temporal-')),
    );
    await server.ready();
    return server;
  })();
  return shared;
}

async function startServer(folder: string): Promise<TemporalServer> {
  const cliPath = process.env.TEMPORAL_CLI_PATH;
  if (!cliPath) throw new Error('TEMPORAL_CLI_PATH is set by test/support/assets.ts');
  return startTemporalServer({
    cliPath,
    databasePath: join(folder, 'temporal.db'),
    logPath: join(folder, 'temporal.log'),
    port: await freePort('127.0.0.1'),
  });
}

function namespaceOn(address: string): TemporalService {
  const namespace = `test-${randomBytes(6).toString('hex')}`;
  return {
    address,
    namespace,
    async ready() {
      const connection = await Connection.connect({ address, channelArgs: { 'grpc.enable_http_proxy': 0 } });
      try {
        const workflowExecutionRetentionPeriod = { seconds: RETENTION_SECONDS } as never;
        await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
        const deadline = Date.now() + KNOWN_MS;
        const isKnown = () =>
          connection.workflowService.listWorkflowExecutions({ namespace }).then(
            () => true,
            () => false,
          );
        while (!(await isKnown())) {
          if (Date.now() > deadline) throw new Error(`the namespace ${namespace} is not served`);
          await delay(LOOK_AGAIN_MS);
        }
      } finally {
        await connection.close();
      }
    },
    // It ends with its server.
    stop: async () => undefined,
  };
}
