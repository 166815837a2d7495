import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../src/runtime/processes/free-port.ts';
import { findProcesses } from '../../src/runtime/processes/process-identity.ts';

/** Built by `npm test`. */
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SERVER = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const example = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ktpflow-cli-embedded-'));
const home = join(folder, 'home');

afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { KTPFLOW_URL: _, KTPFLOW_API_KEY: __, ...environment } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...environment, KTPFLOW_HOME: home, PORT: String(await freePort('127.0.0.1')) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, stdout, stderr };
}

describe('ktpflow without a server', () => {
  it('starts the platform, reads the card, and leaves nothing running behind', async () => {
    const truth = JSON.parse(readFileSync(example('ktp-1.json'), 'utf8')).fields as Record<string, string>;
    const { code, stdout, stderr } = await run('extract', example('ktp-1.jpg'));
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain(truth.nik);
    await expect.poll(() => findProcesses(home).length, { timeout: 15_000 }).toBe(0);
  }, 120_000);

  it('finds the batches of an earlier run, and the backup holds them', async () => {
    const batch = await run('--quiet', 'batch', example('ktp-1.jpg'), '--detach');
    expect(batch.code).toBe(0);
    const id = batch.stdout.trim();
    const resumed = await run('--json', 'batch', '--resume', id);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ id, status: 'completed', counts: { succeeded: 1 } });
    const file = join(folder, 'backup.tar.gz');
    expect((await run('backup', file)).code).toBe(0);
    rmSync(home, { recursive: true });
    expect((await run('restore', file)).code).toBe(0);
    // It only asks: for that no platform is started.
    expect((await run('status', id)).code).toBe(4);
    const restored = await run('--json', 'batch', '--resume', id);
    expect(JSON.parse(restored.stdout)).toMatchObject({ id, status: 'completed' });
  }, 240_000);

  it('finds the server of the home on whatever port it listens, and that one only while it runs', async () => {
    const port = await freePort('127.0.0.1');
    const { KTPFLOW_URL: _, KTPFLOW_API_KEY: __, ...environment } = process.env;
    const server = spawn(process.execPath, [SERVER], {
      env: { ...environment, KTPFLOW_HOME: home, PORT: String(port), LOG_LEVEL: 'error' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(server, 'close');
    onTestFinished(() => void server.kill('SIGTERM'));
    let printed = '';
    server.stdout.on('data', (bytes: Buffer) => {
      printed += bytes.toString();
    });
    await expect.poll(() => printed, { timeout: 60_000 }).toContain('data in');
    // It holds the home and does not listen yet: no second one is started, nobody is told to stop it.
    const early = await run('extract', example('ktp-2.jpg'));
    expect(early).toMatchObject({ code: 0, stderr: expect.not.stringContaining('starting the embedded') });
    await expect.poll(() => printed, { timeout: 60_000 }).toContain('ready after');
    expect(await run('status')).toMatchObject({ code: 0, stderr: '' });
    const doctor = JSON.parse((await run('--json', 'doctor')).stdout) as { what: string; detail: string }[];
    expect(doctor.find(({ what }) => what === 'server')?.detail).toContain(`:${port} is ready`);
    server.kill('SIGTERM');
    await closed;
    expect((await run('status')).code).toBe(4);
  }, 120_000);
});
