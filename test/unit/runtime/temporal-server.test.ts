import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createStreamConnection } from '../../../src/api/chat/stream-connection.ts';
import { readConfig } from '../../../src/config.ts';
import { Keyring } from '../../../src/encryption/keyring.ts';
import { servesNamespace } from '../../../src/runtime/embedded/grpc-probe.ts';
import { temporalPart } from '../../../src/runtime/embedded/temporal-part.ts';
import { startTemporalServer } from '../../../src/runtime/embedded/temporal-server.ts';
import { freePort } from '../../../src/runtime/processes/free-port.ts';
import {
  commandLineOf,
  findProcesses,
  identityOf,
  isRunning,
  parentPidOf,
} from '../../../src/runtime/processes/process-identity.ts';
import { createTemporalClient } from '../../../src/runtime/roles/connect.ts';

let root: string;
let folder: string;
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'ktpflow-temporal-')));
  // As a person may name it; SQLite takes #, ? and %25 in a URI for something else.
  folder = join(root, 'C# dev', 'ü 100%25 ?a=b');
  mkdirSync(folder, { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const cliPath = process.env.TEMPORAL_CLI_PATH ?? '';
const PROXY_VARIABLES = ['https_proxy', 'http_proxy', 'grpc_proxy', 'HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'];

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
    expect(existsSync(where.databasePath)).toBe(true);
    expect([readdirSync(root), readdirSync(join(root, 'C# dev'))].flat()).toEqual(['C# dev', 'ü 100%25 ?a=b']);
  });

  it('is asked directly, whatever proxy the environment names', async () => {
    const server = await startTemporalServer(await options('proxied'));
    await server.ready();
    for (const name of PROXY_VARIABLES) vi.stubEnv(name, 'http://127.0.0.1:9');
    const config = readConfig({ TEMPORAL_ADDRESS: server.address });
    const { connection } = createTemporalClient(config, new Keyring([{ id: 'k1', secret: randomBytes(32) }]));
    const streams = createStreamConnection(config);
    try {
      for (const each of [connection, streams]) {
        const answer = each.withDeadline(Date.now() + 5000, () => each.workflowService.getSystemInfo({}));
        await expect(answer).resolves.toMatchObject({ serverVersion: expect.any(String) });
      }
    } finally {
      vi.unstubAllEnvs();
      await streams.close();
      await connection.close();
      await server.stop(0);
    }
  });

  it('is told who it is where the user has no entry in /etc/passwd, as in a container: it did not start there', async () => {
    const where = { ...(await options('who')), cliPath: join(folder, 'prints-its-environment') };
    writeFileSync(where.cliPath, '#!/bin/sh\nenv\nsleep 1\n', { mode: 0o755 });
    for (const name of ['USER', 'HOME']) vi.stubEnv(name, undefined);
    try {
      const server = await startTemporalServer(where);
      await server.ended;
      const told = readFileSync(where.logPath, 'utf8');
      expect(told).toMatch(/^USER=ktpflow$/m);
      expect(told).toContain(`HOME=${folder}`);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('that does not end, as where its disk hangs, is told of: it ended the supervisor and every part', async () => {
    const where = { ...(await options('stuck')), cliPath: join(folder, 'stays') };
    writeFileSync(where.cliPath, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    const lines: string[] = [];
    const part = await temporalPart(where, (line) => lines.push(line));
    const [server] = findProcesses('sleep 60').filter(({ pid }) =>
      commandLineOf(parentPidOf(pid) ?? 0)?.includes(where.cliPath),
    );
    const guard = parentPidOf(server?.pid ?? 0) ?? 0;
    const kill = process.kill.bind(process);
    vi.spyOn(process, 'kill').mockImplementation(() => true);
    let now = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1_000));
    try {
      part.kill();
      await expect.poll(() => lines).toEqual([expect.stringContaining('does not end')]);
      // Whichever of the two is left would end the server in our place.
      const lifelines = findProcesses('ktpflow-guard', where.cliPath).filter(({ pid }) => parentPidOf(pid) === guard);
      for (const { pid } of lifelines) kill(pid, 'SIGKILL');
      kill(guard, 'SIGKILL');
      expect(await part.ended).toMatchObject({ reason: expect.stringMatching(/SIGKILL.*does not end/s) });
    } finally {
      vi.restoreAllMocks();
      kill(-guard, 'SIGKILL');
    }
  });

  it('makes a database anew whose making was cut off: no start was possible any more', async () => {
    const where = await options('cut-off');
    const first = await startTemporalServer(where);
    process.kill(first.server.pid, 'SIGKILL');
    await first.ended;
    // However far it came: what SQLite takes for a database without tables.
    writeFileSync(where.databasePath, '');
    for (const file of ['-wal', '-shm']) rmSync(where.databasePath + file, { force: true });
    const second = await startTemporalServer(where);
    await second.ready();
    await second.stop(0);
    const names = readdirSync(folder).filter((name) => name.startsWith('cut-off.db.'));
    expect(names).toEqual(['cut-off.db.never-served']);
  });

  it('ends a left-over server on its file first, whose guards were killed with everything else', async () => {
    const where = await options('left-over');
    const known = `${where.databasePath}.no-settings`;
    const args = ['server', 'start-dev', '--headless', '--port', String(where.port), '--env-file', known];
    // It is ended while it makes its file.
    writeFileSync(`${where.databasePath}.unfinished`, '');
    const leftOver = spawn(cliPath, [...args, '--db-filename', 'left-over.db'], { cwd: folder, stdio: 'ignore' });
    await once(leftOver, 'spawn');
    const bystander = spawn('sh', [
      '-c',
      'read -r _',
      'server start-dev',
      '--env-file',
      `${where.databasePath}2.no-settings`,
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
    // It may be gone before its guard has told of it.
    const starting = startTemporalServer({ ...where, searchAttributes: { stage: 'Colour' } });
    const ready = starting.then((server) => server.ready());
    await expect(ready).rejects.toThrow(/ended (at once|\(code 1\))[\s\S]*Colour/);
  });
});
