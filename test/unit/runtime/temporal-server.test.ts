import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servesNamespace } from '../../../src/runtime/embedded/grpc-probe.ts';
import { startTemporalServer } from '../../../src/runtime/embedded/temporal-server.ts';
import { freePort } from '../../../src/runtime/processes/free-port.ts';
import { identityOf, isRunning } from '../../../src/runtime/processes/process-identity.ts';

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'ktpflow-temporal-')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cliPath = process.env.TEMPORAL_CLI_PATH ?? '';

async function options(name: string) {
  return {
    cliPath,
    databasePath: join(folder, `${name}.db`),
    logPath: join(folder, `${name}.log`),
    port: await freePort('127.0.0.1'),
  };
}

describe('the Temporal server', () => {
  it('is ready only when its namespace is served, and keeps workflows and search attributes over a kill -9', async () => {
    const where = { ...(await options('kept')), namespace: 'cards', searchAttributes: { stage: 'Keyword' } };
    const first = await startTemporalServer(where);
    await first.ready();
    expect(await servesNamespace(first.address, 'nobodys')).toBe(false);
    const connection = await Connection.connect({ address: first.address });
    const { workflow } = new Client({ connection, namespace: 'cards' });
    await workflow.start('anything', { taskQueue: 'nobody', workflowId: 'kept', args: [] });

    process.kill(first.server.pid, 'SIGKILL');
    expect(await first.ended).toMatch(/^ended \(code 137\)/);
    const second = await startTemporalServer(where);
    await second.ready();
    expect(second.address).toBe(first.address);
    expect((await workflow.getHandle('kept').describe()).status.name).toBe('RUNNING');
    await connection.close();
    await second.stop();
    expect(isRunning(second.server)).toBe(false);
  });

  it('ends a left-over server on its file first, whose guards were killed with everything else', async () => {
    const where = await options('left-over');
    const args = ['server', 'start-dev', '--headless', '--port', String(where.port), '--db-filename'];
    const leftOver = spawn(cliPath, [...args, where.databasePath, '--log-level', 'never'], { stdio: 'ignore' });
    await once(leftOver, 'spawn');
    const bystander = spawn('sh', [
      '-c',
      'read -r _',
      'server start-dev',
      '--db-filename',
      `${where.databasePath}2`,
      '-',
    ]);
    await once(bystander, 'spawn');
    const identity = identityOf(leftOver.pid ?? 0);
    const server = await startTemporalServer(where);
    expect(identity === null || isRunning(identity)).toBe(false);
    await server.ready();
    await server.stop(0);
    // One on another file, whose name begins alike, is nobody's left-over.
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    bystander.kill('SIGKILL');
  });

  it('that cannot start says why', async () => {
    const where = await options('bad');
    const server = await startTemporalServer({ ...where, databasePath: join(folder, 'no', 'such', 'folder.db') });
    await expect(server.ready()).rejects.toThrow(/ended \(code 1\)[\s\S]*no such file/);
  });
});
