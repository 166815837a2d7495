import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { commandLineOf, findProcesses, isRunning, parentPidOf } from '../../src/runtime/processes/process-identity.ts';
import { createHome } from '../support/database-template.ts';
import { gone, PlatformProcess } from '../support/platform-process.ts';

/** Both run what `npm test` builds. */
const FIXTURE = fileURLToPath(new URL('../support/platform-fixture.mjs', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const SECRETS = {
  API_KEYS: 'a-secret-key:extract',
  WEBHOOK_SECRET: 'whsec_dGhpcyBpcyBhIHNlY3JldCBmb3IgdGVzdHM=',
  PGPASSWORD: 'p',
};

let root: string;
let homes = 0;
const platforms: PlatformProcess[] = [];

beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'ktpflow-supervisor-')));
  await createHome(join(root, 'template'));
});
afterAll(async () => {
  await endAll();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

async function endAll(): Promise<void> {
  for (const platform of platforms.splice(0)) {
    const family = platform.family();
    platform.kill('SIGKILL');
    for (const member of await gone(family, 5000)) process.kill(member.pid, 'SIGKILL');
  }
}

function newHome(): string {
  const home = join(root, `home-${++homes}`);
  cpSync(join(root, 'template'), home, { recursive: true });
  return home;
}

function start(home: string, environment: NodeJS.ProcessEnv = {}, entry = FIXTURE): PlatformProcess {
  const platform = new PlatformProcess(home, entry, environment);
  platforms.push(platform);
  return platform;
}

async function store(address: string, rows: number): Promise<number> {
  let count = 0;
  for (let row = 0; row < rows; row++) count = Number(await (await fetch(address, { method: 'POST' })).text());
  return count;
}

const stored = async (address: string) => Number(await (await fetch(address)).text());

const guards = (home: string) => findProcesses('ktpflow-guard', join(home, 'temporal.db'));
const servers = (home: string) =>
  findProcesses('temporal server start-dev', join(home, 'temporal.db')).filter(
    ({ pid }) => !commandLineOf(pid)?.includes('ktpflow-guard'),
  );

describe('a running platform', () => {
  let platform: PlatformProcess;
  let address: string;
  let acknowledged = 0;

  beforeAll(async () => {
    platform = start(newHome(), SECRETS);
    address = await platform.ready();
    acknowledged = await store(address, 10);
  });

  it('shows its processes by their names', () => {
    const names = platform.family().map(({ pid }) => commandLineOf(pid) ?? '');
    expect(names).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ktpflow-api/),
        expect.stringMatching(/^ktpflow-inference/),
        expect.stringMatching(/temporal server start-dev/),
      ]),
    );
    expect(commandLineOf(platform.child.pid ?? 0)).toMatch(/^ktpflow/);
  });

  it('keeps database credentials and the keys of callers from the inference process', () => {
    const seen = (role: string) => JSON.parse(readFileSync(join(platform.home, `environment-${role}`), 'utf8'));
    expect(seen('inference')).toMatchObject({ TEMPORAL_ADDRESS: expect.any(String), ROLES: 'inference' });
    for (const name of Object.keys(SECRETS)) expect(seen('inference')).not.toHaveProperty(name);
    expect(seen('api-worker')).toMatchObject({ ...SECRETS, ENCRYPTION_KEYS: seen('inference').ENCRYPTION_KEYS });
  });

  it('refuses a second start on its home with one line that names the process', async () => {
    const second = start(platform.home);
    expect(await second.ended()).toBe(1);
    expect(second.lines).toEqual([
      `ktpflow: ${platform.home} is in use by ktpflow, process ${platform.child.pid}: stop that one, or set KTPFLOW_HOME`,
    ]);
    expect(statSync(platform.home).mode & 0o777).toBe(0o700);
    expect(await stored(address)).toBe(acknowledged);
  });

  it('restarts a killed API on the same address, with every acknowledged row', async () => {
    const [api] = platform.family().filter(({ pid }) => commandLineOf(pid)?.startsWith('ktpflow-api'));
    process.kill(api!.pid, 'SIGKILL');
    await platform.printed(/ktpflow-api ended \(SIGKILL\); restarting now/);
    await platform.printed(/ktpflow-api is back/);
    expect(await stored(address)).toBe(acknowledged);
  });

  it('starts a killed API once where it cannot be recorded, as on a full disk', async () => {
    const records = join(platform.home, 'children.json');
    const kept = readFileSync(records);
    const [api] = platform.family().filter(({ pid }) => commandLineOf(pid)?.startsWith('ktpflow-api'));
    const printedBefore = platform.output.length;
    // Nothing can be put in the place of a folder that holds something.
    rmSync(records);
    mkdirSync(join(records, 'taken'), { recursive: true });
    try {
      process.kill(api!.pid, 'SIGKILL');
      await platform.printed(/ktpflow-api is back/, printedBefore);
      expect(platform.output.slice(printedBefore).match(/restarting/g)).toHaveLength(1);
      expect(await stored(address)).toBe(acknowledged);
    } finally {
      rmSync(records, { recursive: true });
      writeFileSync(records, kept);
    }
    // The next test counts on records again.
    const started = findProcesses('ktpflow-api').filter(({ pid }) => parentPidOf(pid) === platform.child.pid);
    expect(started).toHaveLength(1);
    process.kill(started[0]!.pid, 'SIGKILL');
    await platform.printed(/ktpflow-api is back[\s\S]*ktpflow-api is back/, printedBefore);
  });

  it.each([
    ['Temporal server', servers],
    ['Temporal guard', guards],
  ])('restarts a killed %s at the same address, once', async (_name, victims) => {
    const [before] = servers(platform.home);
    const port = (pid: number) => /--port (\d+)/.exec(commandLineOf(pid) ?? '')?.[1];
    const address = port(before!.pid);
    const printedBefore = platform.output.length;
    for (const victim of victims(platform.home)) process.kill(victim.pid, 'SIGKILL');
    await platform.printed(/temporal is back/, printedBefore);
    const after = servers(platform.home);
    expect(after).toHaveLength(1);
    expect(after[0]).not.toEqual(before);
    expect(port(after[0]!.pid)).toBe(address);
    expect(isRunning(before!)).toBe(false);
  });

  it('goes on after a hang-up of a terminal that is not its own, as nohup asks', async () => {
    platform.kill('SIGHUP');
    await delay(200);
    expect(await stored(address)).toBe(acknowledged);
    expect(platform.output).not.toContain('stopping');
  });

  it('drains on a Ctrl-C that arrives twice (terminal and npm), exits with 0 and leaves nothing', async () => {
    platform.kill('SIGINT');
    platform.kill('SIGINT');
    expect(await platform.ended()).toBe(0);
    expect(platform.family()).toEqual([]);
    expect(readFileSync(join(platform.home, 'drained'), 'utf8')).toBe('api\n');
    expect(platform.lines.at(-1)).toBe('stopped');
  });

  it('is killed with -9, leaves nothing, and the next start, at once, has every acknowledged row', async () => {
    const first = start(platform.home);
    acknowledged = await store(await first.ready(), 25);
    const family = first.family();
    first.kill('SIGKILL');
    const second = start(platform.home);
    expect(await stored(await second.ready())).toBe(acknowledged);
    expect(await gone(family, 10_000)).toEqual([]);
  });
});

describe('a platform in trouble', () => {
  afterEach(endAll);

  it('leaves nothing when its supervisor is killed in the middle of the start', async () => {
    const platform = start(newHome());
    while (!existsSync(join(platform.home, 'children.json'))) await delay(5);
    platform.kill('SIGKILL');
    await platform.ended();
    expect(await platform.familyAfter(10_000)).toEqual([]);
  });

  it('stops in the middle of the start, too', async () => {
    const platform = start(newHome());
    await platform.printed(/keep a backup/);
    platform.kill('SIGTERM');
    expect([0, 143]).toContain(await platform.ended());
    expect(await platform.familyAfter(1000)).toEqual([]);
  });

  it('ends when the npm that runs it is killed with -9', async () => {
    const home = newHome();
    const script = `
      process.title = 'npm start';
      const { spawn } = require('node:child_process');
      spawn(process.execPath, [process.argv[1]], { stdio: 'inherit' });`;
    const npm = spawn(process.execPath, ['-e', script, FIXTURE], {
      env: { ...process.env, KTPFLOW_HOME: home, PORT: '0', npm_lifecycle_event: 'start' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    for await (const chunk of npm.stdout) {
      output += chunk;
      if (output.includes('ready after') && npm.signalCode === null) npm.kill('SIGKILL');
    }
    // The output is closed: nobody who could write to it is left.
    expect(output).toContain('stopped');
    expect(servers(home)).toEqual([]);
  });

  it('is forced by a second Ctrl-C when a child hangs', async () => {
    const platform = start(newHome(), { FIXTURE_FAULT: 'hang', TEMPORAL_ADDRESS: '127.0.0.1:9' });
    await platform.ready();
    expect(servers(platform.home)).toEqual([]);
    platform.kill('SIGINT');
    await platform.printed(/again to force it/);
    // Within a second it would be the same key press.
    await delay(1100);
    platform.kill('SIGINT');
    expect(await platform.ended()).toBe(130);
    expect(await platform.familyAfter(2000)).toEqual([]);
  });

  it('does not spin over a child that crashes at every start, tells its last words, and keeps the others', async () => {
    const platform = start(newHome(), { FIXTURE_FAULT: 'crash', TEMPORAL_ADDRESS: '127.0.0.1:9' });
    const [, address = ''] = await platform.printed(/listening on (\S+)/);
    await platform.printed(/restarting in 1 s/);
    const told = platform.lines.filter((line) => line.startsWith('ktpflow-inference ended'));
    expect(told[0]).toBe('ktpflow-inference ended (code 1): Error: the fixture crashes; restarting now');
    expect(await stored(address)).toBe(0);
  });

  it('says in one line that the port is taken, and leaves nothing', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const platform = start(newHome(), { PORT: String(port) });
    expect(await platform.ended()).toBe(1);
    expect(platform.lines).toEqual([`ktpflow: port ${port} is already in use: stop what listens on it, or set PORT`]);
    expect(platform.family()).toEqual([]);
    server.close();
  });

  it('says in one line which variable is bad, without a stack', async () => {
    const platform = start(join(root, 'never-made'), { PORT: 'many' }, MAIN);
    expect(await platform.ended()).toBe(1);
    expect(platform.lines).toHaveLength(1);
    expect(platform.lines[0]).toMatch(/^ktpflow: bad configuration: PORT: /);
    expect(existsSync(platform.home)).toBe(false);
  });
});
