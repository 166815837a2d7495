import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { makeTelemetryFilterString, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, expect, it } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { startTemporalServer } from '../../src/runtime/embedded/temporal-server.ts';
import { freePort } from '../../src/runtime/processes/free-port.ts';
import { createTemporalLog } from '../../src/worker/temporal-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktpflow-task-failure-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a workflow that stands still over a fault of the code, here a type that it has not, is told by a line and a metric', async () => {
  const lines: string[] = [];
  const logger = createLogger({
    level: 'info',
    component: 'test',
    destination: { write: (line) => void lines.push(line) },
  });
  const metrics = createMetrics();
  // As roles.ts does, before anything of the SDK is made.
  Runtime.install({
    logger: createTemporalLog(logger, metrics.workflowTaskFailed),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} } },
  });
  const server = await startTemporalServer({
    cliPath: process.env.TEMPORAL_CLI_PATH ?? '',
    databasePath: join(folder, 'temporal.db'),
    logPath: join(folder, 'temporal.log'),
    port: await freePort('127.0.0.1'),
  });
  await server.ready();
  const codePath = process.env.KTPFLOW_TEST_WORKFLOW_BUNDLE ?? '';
  const connection = await NativeConnection.connect({ address: server.address });
  const worker = await Worker.create({ connection, taskQueue: 'broken', workflowBundle: { codePath } });
  const running = worker.run();
  const client = new Client({ connection: await Connection.connect({ address: server.address }) });
  await client.workflow.start('nik3171234567890000', { taskQueue: 'broken', workflowId: 'broken', args: [] });

  const failures = async () =>
    (await metrics.registry.getSingleMetric('ktpflow_workflow_task_failures_total')?.get())?.values[0]?.value;
  await expect.poll(failures).toBeGreaterThan(0);
  expect(lines.join('')).toMatch(/"event":"temporal\.(warn|error)"/);
  expect(lines.join('')).not.toContain('3171234567890000');

  worker.shutdown();
  await running;
  await client.connection.close();
  await connection.close();
  await server.stop(0);
});
