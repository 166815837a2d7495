import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeServerRecord, writeServerRecord } from '../../src/runtime/embedded/server-record.ts';
import { freePort } from '../../src/runtime/processes/free-port.ts';

/** Built by `npm test`. */
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const PNG = Buffer.from('89504e470d0a1a0a', 'hex');
const ID = `batch_${'0'.repeat(32)}`;

let folder: string;
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ktpflow-cli-faults-'));
});
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}, uid?: number): Promise<Ended> {
  const { KTPFLOW_URL: _, KTPFLOW_API_KEY: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, stdout, stderr };
}

async function serve(listener: RequestListener, port = 0, host = '127.0.0.1'): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(port, host);
  await once(server, 'listening');
  return `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
}

const batchWith = (over: object) => ({
  id: ID,
  status: 'completed',
  counts: { total: 1, queued: 0, running: 0, succeeded: 1, failed: 0, cancelled: 0 },
  skipped: 0,
  created_at: '2026-11-25T00:00:00Z',
  throughput: null,
  eta_seconds: null,
  error: null,
  ...over,
});
const page = { object: 'list', data: [], has_more: false, next_cursor: null };

function answer(response: Parameters<RequestListener>[1], status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req_1', ...headers });
  response.end(JSON.stringify(body));
}

const refusal = (code: string) => ({ error: { message: 'Not now.', type: 'server_error', param: null, code } });

/** A server that answers /livez, and every batch that is handed in as done. It remembers the names of the files. */
function batchServer(names: string[]): RequestListener {
  return async (request, response) => {
    if (request.url === '/livez') return answer(response, 200, { ok: true });
    if (request.method === 'GET') return answer(response, 200, request.url?.includes('?') ? page : batchWith({}));
    const body = await buffer(request).catch(() => Buffer.alloc(0));
    names.splice(
      0,
      Number.POSITIVE_INFINITY,
      ...[...body.toString('latin1').matchAll(/filename="([^"]*)"/g)].map(([, name]) => name ?? ''),
    );
    answer(response, 202, batchWith({}));
  };
}

function write(name: string, content: string | Buffer = PNG): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A server that takes batches, in parts too; it remembers what was asked, with how many files each. */
function partsServer(asked: string[], refuse: (path: string) => boolean = () => false): RequestListener {
  let total = 0;
  return async (request, response) => {
    if (request.url === '/livez') return answer(response, 200, { ok: true });
    const path = request.url ?? '';
    const body = (await buffer(request)).toString('latin1');
    if (refuse(path)) return answer(response, 413, refusal('payload_too_large'));
    const files = body.split('filename="').length - 1;
    total += files;
    asked.push(`${path.split('/').at(-1)} ${files}${/name="sealed"\s+false/.test(body) ? ' open' : ''}`);
    answer(response, 202, batchWith({ counts: { ...batchWith({}).counts, total } }));
  };
}

describe('a folder of more than a request carries', () => {
  const writeMany = () => {
    for (let index = 0; index < 2_300; index++) write(`cards/${index}.png`);
  };

  it('is sent in parts, and sealed after the last one', async () => {
    const asked: string[] = [];
    const url = await serve(partsServer(asked));
    writeMany();
    const { code, stderr } = await run(['--url', url, 'batch', 'cards', '--detach']);
    expect(asked).toEqual(['batches 1000 open', 'items 1000', 'items 300', 'seal 0']);
    expect(stderr).toContain('sending 2,300 images in 3 parts');
    expect(code).toBe(0);
    asked.length = 0;
    expect((await run(['--url', url, 'batch', 'cards', '--detach', '--open'])).code).toBe(0);
    expect(asked).toEqual(['batches 1000 open', 'items 1000', 'items 300']);
    asked.length = 0;
    expect((await run(['--url', url, 'batch', 'cards', '--detach', '--add-to', ID])).code).toBe(0);
    expect(asked).toEqual(['items 1000', 'items 1000', 'items 300']);
  });

  it('of which a part is refused is not taken for the whole: its batch is cancelled', async () => {
    const asked: string[] = [];
    let additions = 0;
    const url = await serve(partsServer(asked, (path) => path.endsWith('/items') && ++additions === 2));
    writeMany();
    const { code, stderr } = await run(['--url', url, 'batch', 'cards', '--detach']);
    expect(asked).toEqual(['batches 1000 open', 'items 1000', 'cancel 0']);
    expect(stderr).toContain(`the batch ${ID}, of which 2000 items were sent, is cancelled`);
    expect(stderr).toContain('payload_too_large');
    expect(code).toBe(2);
  });
});

describe('a file that cannot be read', () => {
  it('is named, and the others of the folder are read', async () => {
    const names: string[] = [];
    const url = await serve(batchServer(names));
    write('cards/good.png');
    chmodSync(write('cards/secret.png'), 0);
    chmodSync(join(write('cards/closed/1.png'), '..'), 0);
    symlinkSync(join(folder, 'cards', 'good.png'), join(folder, 'cards', 'link.png'));
    chmodSync(folder, 0o755);
    const uid = process.getuid?.() === 0 ? 65534 : undefined;
    const { code, stderr } = await run(['--url', url, 'batch', 'cards', '--detach'], {}, uid);
    chmodSync(join(folder, 'cards', 'closed'), 0o700);
    expect(stderr).toMatch(/closed\/ may not be read: permission denied/);
    expect(stderr).toMatch(/secret.png may not be read: permission denied/);
    expect(stderr).toMatch(/link.png: links are not followed/);
    expect({ code, names }).toEqual({ code: 3, names: ['good.png'] });
  });

  it('of a list is named with all others, and what is left is read', async () => {
    const names: string[] = [];
    const url = await serve(batchServer(names));
    write('a.png');
    write('list.csv', 'file\na.png\nb.png\nc.png\n');
    const { code, stderr } = await run(['--url', url, '--quiet', 'batch', 'list.csv', '--detach']);
    expect(stderr).toBe('ktpflow: b.png is not there\nktpflow: c.png is not there\n');
    expect({ code, names }).toEqual({ code: 3, names: ['a.png'] });
  });

  it('because it is still being written is named, and the others are sent again', async () => {
    const names: string[] = [];
    const growing = write('cards/2-growing.png', Buffer.alloc(2_000_000));
    write('cards/1.png', Buffer.alloc(20_000_000, 1));
    let first = true;
    const take = batchServer(names);
    const url = await serve((request, response) => {
      if (request.method !== 'POST' || !first) return take(request, response);
      first = false;
      // Slowly at first, so that the file grows while those before it are under way.
      request.on('error', () => {});
      request.once('data', () => {
        request.pause();
        appendFileSync(growing, 'more');
        setTimeout(() => request.resume(), 200);
      });
    });
    const { code, stderr } = await run(['--url', url, 'batch', 'cards', '--detach']);
    expect(stderr).toContain('2-growing.png changed while it was sent: left out');
    expect(stderr).not.toContain('does not answer');
    expect({ code, names }).toEqual({ code: 3, names: ['1.png'] });
  });

  it('may be a pipe that a shell makes', async () => {
    const bodies: number[] = [];
    const url = await serve(async (request, response) => {
      bodies.push((await buffer(request)).length);
      answer(response, 200, { id: 'ext_1', status: 'succeeded', error: null, result: null });
    });
    const card = write('ok.png', Buffer.alloc(5000));
    const command = '"$0" "$1" --url "$2" extract <(cat "$3")';
    const piped = spawn('bash', ['-c', command, process.execPath, MAIN, url, card], { stdio: 'ignore' });
    expect(await once(piped, 'close')).toEqual([0, null]);
    expect(bodies.at(-1)).toBeGreaterThan(5000);
  });

  it('keeps no other from being shown by extract', async () => {
    const job = {
      id: 'ext_1',
      status: 'succeeded',
      error: null,
      result: { compat: { nik: '9171', nama: 'SPESIMEN', tgl_lahir: '' } },
    };
    const url = await serve(async (request, response) => {
      await buffer(request);
      answer(response, 200, job);
    });
    const { code, stdout, stderr } = await run(['--url', url, 'extract', write('ok.png'), 'gone.png']);
    expect(stdout).toMatch(/ok.png +succeeded +9171/);
    expect(stdout).toMatch(/gone.png +unreadable/);
    expect(stderr).toContain('gone.png is not there');
    expect(code).toBe(3);
  });
});

describe('the server', () => {
  it('that refuses with 429 and 503 for a moment costs extract no card', async () => {
    let asked = 0;
    const keys = new Set<unknown>();
    const url = await serve(async (request, response) => {
      await buffer(request);
      keys.add(request.headers['idempotency-key']);
      const code = ['queue_full', 'temporal_unavailable'][asked++];
      if (code) return answer(response, asked === 1 ? 429 : 503, refusal(code), { 'retry-after': '1' });
      answer(response, 200, { id: 'ext_1', status: 'succeeded', error: null, result: null });
    });
    expect((await run(['--url', url, 'extract', write('ok.png')])).code).toBe(0);
    expect({ asked, keys: keys.size }).toEqual({ asked: 3, keys: 1 });
  });

  it('is named with the reason why it cannot be reached', async () => {
    const nobody = `http://127.0.0.1:${await freePort('127.0.0.1')}`;
    const dead = await run(['--url', nobody, 'status']);
    expect(dead).toMatchObject({
      code: 4,
      stderr: `ktpflow: ${nobody} does not answer: nothing listens there\n`,
    });
    const other = await serve((_request, response) => void response.writeHead(404).end('<html>'));
    expect(await run(['--url', other, 'status'])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('is no ktpflow'),
    });
    const moved = await serve(
      (_request, response) => void response.writeHead(301, { location: 'https://a.example/' }).end(),
    );
    expect((await run(['--url', moved, 'status'])).stderr).toContain('leads to https://a.example: give that as --url');
    expect(await run(['--url', 'localhost:3000', 'status'])).toMatchObject({ code: 2 });
    const talker = createTcpServer((socket) => void socket.end('220 smtp ready\r\n'));
    talker.listen(0, '127.0.0.1');
    await once(talker, 'listening');
    const smtp = await run(['status'], { PORT: String((talker.address() as AddressInfo).port) });
    talker.close();
    expect(smtp).toMatchObject({ code: 4, stderr: expect.stringContaining('another program than ktpflow') });
  });

  it('is found on its HOST and PORT, also of IPv6, and status makes no platform', async () => {
    const port = await freePort('127.0.0.1');
    const nothing = await run(['status'], { PORT: String(port) });
    expect(nothing).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(`no server answers on http://127.0.0.1:${port}`),
    });
    expect((await run(['batch', '--resume', ID], { PORT: String(port) })).code).toBe(4);
    expect(readdirSync(folder)).toEqual([]);
    const url = await serve(batchServer([]), 0, '::1');
    const found = await run(['status', ID], { HOST: '::1', PORT: new URL(url).port });
    expect(found).toMatchObject({ code: 0, stdout: expect.stringContaining(ID) });
    expect(existsSync(join(folder, '.ktpflow'))).toBe(false);
  });

  it('of the home is shown the key that lies there, and no other server is', async () => {
    const keys: unknown[] = [];
    const take = batchServer([]);
    const url = await serve((request, response) => {
      if (request.url !== '/livez') keys.push(request.headers.authorization);
      return take(request, response);
    });
    const home = join(folder, 'home');
    mkdirSync(home);
    writeFileSync(join(home, 'admin-key'), 'ktpf_of_the_home\n');
    await writeServerRecord(home, url);
    const environment = { KTPFLOW_HOME: home, PORT: new URL(await serve(take)).port };
    await run(['status', ID], environment);
    await run(['--api-key', 'mine', 'status', ID], environment);
    await run(['--url', url, 'status', ID], environment);
    await removeServerRecord(home);
    await run(['status', ID], { ...environment, PORT: new URL(url).port });
    expect(keys).toEqual(['Bearer ktpf_of_the_home', 'Bearer mine', undefined, undefined]);
  });

  it('that breaks off in the results is asked for them again, and a half file has no name', async () => {
    let asked = 0;
    const url = await serve(async (request, response) => {
      await buffer(request);
      if (!request.url?.includes('/results')) return answer(response, 200, batchWith({}));
      response.writeHead(200, { 'content-length': 6 });
      response.write('abc');
      if (asked++ < 2) setTimeout(() => response.destroy(), 50);
      else response.end('def');
    });
    write('out.csv', 'old');
    symlinkSync('out.csv', join(folder, 'link.csv'));
    const { code } = await run(['--url', url, 'batch', '--resume', ID, '--out', 'link.csv', '--force']);
    expect({ asked, code }).toEqual({ asked: 3, code: 0 });
    expect(readFileSync(join(folder, 'out.csv'), 'utf8')).toBe('abcdef');
    expect(lstatSync(join(folder, 'link.csv')).isSymbolicLink()).toBe(true);
    asked = -100;
    expect(await run(['--url', url, 'batch', '--resume', ID, '--out', 'new.csv'])).toMatchObject({ code: 4 });
    expect(readdirSync(folder).sort()).toEqual(['link.csv', 'out.csv']);
    asked = 2;
    const device = await run(['--url', url, 'batch', '--resume', ID, '--out', '/dev/null', '--format', 'csv']);
    expect(device.code).toBe(0);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('whose results go to stdout gets nothing else written there, under whatever name', async () => {
    const url = await serve(async (request, response) => {
      await buffer(request);
      if (!request.url?.includes('/results')) return answer(response, 200, batchWith({}));
      response.end('index\r\n0\r\n');
    });
    const resume = ['--url', url, '--json', 'batch', '--resume', ID, '--format', 'csv'];
    const { code, stdout, stderr } = await run([...resume, '--out', '-']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'index\r\n0\r\n' });
    expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({ id: ID, status: 'completed' });
    // As a shell does for `--out /dev/stdout > results.csv`.
    const file = openSync(join(folder, 'results.csv'), 'w');
    const child = spawn(process.execPath, [MAIN, ...resume, '--out', '/dev/stdout'], {
      stdio: ['ignore', file, 'ignore'],
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(readFileSync(join(folder, 'results.csv'), 'utf8')).toBe('index\r\n0\r\n');
  });

  it('that is interrupted in the results leaves no half file, and the line that finds the batch again', async () => {
    write('out.csv.part', 'mine');
    let isFetched = () => {};
    const fetched = new Promise<void>((resolve) => {
      isFetched = resolve;
    });
    const url = await serve((request, response) => {
      if (!request.url?.includes('/results')) return answer(response, 200, batchWith({}));
      response.write('half');
      isFetched();
    });
    const args = ['--url', url, 'batch', '--resume', ID, '--out', 'out.csv'];
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    const said = text(child.stderr);
    await fetched;
    await expect.poll(() => readdirSync(folder).length).toBe(2);
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(await said).toContain(
      `go on with: ktpflow batch --resume ${ID}\nktpflow: interrupted: out.csv is not written\n`,
    );
    expect(readdirSync(folder)).toEqual(['out.csv.part']);
    expect(readFileSync(join(folder, 'out.csv.part'), 'utf8')).toBe('mine');
  });

  it('may have taken a batch whose sender was interrupted, and nobody is told that it has not', async () => {
    let isTaken = () => {};
    const taken = new Promise<void>((resolve) => {
      isTaken = resolve;
    });
    const url = await serve(async (request) => {
      await buffer(request);
      isTaken();
    });
    const args = [MAIN, '--url', url, 'batch', write('1.png')];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const said = text(child.stderr);
    await taken;
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(await said).toContain('interrupted while it was sent: ktpflow status shows whether it was taken\n');
  });

  it('that is away while a batch is watched is waited for, and said so', async () => {
    const port = await freePort('127.0.0.1');
    let looks = 0;
    const listener: RequestListener = async (request, response) => {
      await buffer(request);
      if (request.method === 'POST') return answer(response, 202, batchWith({ status: 'running' }));
      answer(response, 200, batchWith({ status: looks++ === 0 ? 'running' : 'completed' }));
      if (looks === 1) {
        const [server] = servers.splice(0);
        server?.close();
        server?.closeAllConnections();
        setTimeout(() => void serve(listener, port), 4_000);
      }
    };
    const url = await serve(listener, port);
    const { code, stderr } = await run(['--url', url, 'batch', write('1.png')]);
    expect(stderr).toContain('does not answer: nothing listens there: waiting for it');
    expect(code).toBe(0);
  });

  it('that turns a watched batch away leaves the line that finds it again', async () => {
    const url = await serve(async (request, response) => {
      await buffer(request);
      if (request.method === 'POST') return answer(response, 202, batchWith({ status: 'running' }));
      answer(response, 401, refusal('invalid_api_key'));
    });
    const { code, stderr } = await run(['--url', url, 'batch', write('1.png')]);
    expect(code).toBe(5);
    expect(stderr).toContain(`ktpflow batch --resume ${ID}`);
  });

  it('that says why a whole batch failed is quoted, and nobody is told to go on with it', async () => {
    const failed = batchWith({ status: 'failed', error: { code: 'internal', message: 'It could not be unpacked.' } });
    const url = await serve((_request, response) => answer(response, 200, failed));
    const { code, stderr } = await run(['--url', url, '--quiet', 'batch', '--resume', ID]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'ktpflow: It could not be unpacked.\n' });
  });
});

describe('the arguments', () => {
  it('are checked before anything is sought, started or sent', async () => {
    write('1.png');
    write('results/truth.json', '{}');
    symlinkSync('1.png', join(folder, 'link.csv'));
    const port = String(await freePort('127.0.0.1'));
    const cases: [args: string[], message: RegExp][] = [
      [['batch', '1.png', '--out', 'results', '--format', 'xlsx', '--force'], /results is a folder/],
      [['batch', '1.png', '--out', 'nothing/x.xlsx'], /there is no folder nothing/],
      [['batch', '1.png', '--out', '/proc/x.xlsx'], /\/proc\/x.xlsx cannot be written/],
      [['batch', '1.png', '--out', 'x.docx'], /name the results/],
      [['batch', '1.png', '--out', './1.png', '--format', 'csv', '--force'], /would replace what is to be read/],
      [['batch', '1.png', '--out', 'link.csv', '--force'], /would replace what is to be read/],
      [['batch', '1.png', '2.png'], /name the folder that the files lie in/],
      [['batch', '1.png', '--detach', '--out', 'x.csv'], /--detach waits for no results/],
      [['batch', '1.png', '--resume', ID], /takes no source/],
      [['batch', '--resume', ID, '--detach'], /name one of them/],
      [['batch', '--resume', ID, '--strategy', 'ocr'], /do nothing/],
      [['batch', '1.png', '--spreadsheet'], /--spreadsheet does nothing without --out/],
      [['batch', '1.png', '--force'], /--force does nothing without --out/],
      [['batch', '1.png', '--out', 'x.xlsx', '--separator', 'tab'], /--separator is for CSV/],
      [['batch', 'nothing'], /nothing is not there/],
      [['batch'], /name a folder/],
      [['status', 'x'], /an id begins with/],
      [['retry', 'ext_1'], /its id begins with batch_/],
      [['keys', 'revoke', ''], /begins with key_/],
      [['keys', 'rotate', '../x'], /begins with key_/],
      [['reviews', 'export', 'results'], /truth.json is there already; --force replaces it/],
      [['reviews', 'export', 'new', '--batch', 'x'], /its id begins with batch_/],
      [['watch', '.', '--settle', ''], /--settle is a number/],
      [['--url', 'http://127.0.0.1:1', 'backup', 'x.tar.gz'], /--url does nothing here/],
    ];
    await Promise.all(
      cases.map(async ([args, message]) => {
        const { code, stderr } = await run(args, { PORT: port });
        expect({ args, code }).toEqual({ args, code: 2 });
        expect(stderr).toMatch(message);
      }),
    );
    expect(readdirSync(folder).sort()).toEqual(['1.png', 'link.csv', 'results']);
  });

  it('cannot be looked at from a folder that is gone, which is said in a line', async () => {
    const command = 'cd gone && rmdir ../gone && exec "$0" "$1" status';
    mkdirSync(join(folder, 'gone'));
    const child = spawn('sh', ['-c', command, process.execPath, MAIN], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    expect(await text(child.stderr)).toBe('ktpflow: the folder that this was started in is gone: go to another one\n');
  });

  it('that the server refuses are named as they were typed', async () => {
    const param = { message: 'Must be in the future.', type: 'x', param: 'expires_at', code: 'invalid_value' };
    const url = await serve((_request, response) => answer(response, 400, { error: param }));
    const create = ['--url', url, 'keys', 'create', '--scopes', 'extract', '--expires', '2020-01-01'];
    expect(await run(create)).toMatchObject({ code: 2, stderr: 'ktpflow: --expires: Must be in the future.\n' });
  });

  it('of mcp end with its input, whether that is a pipe or a file', async () => {
    const url = await serve(batchServer([]));
    // Its input is /dev/null here, which ends and is never closed.
    expect(await run(['--url', url, 'mcp'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('tell the version, and a date when a key ends', async () => {
    expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const asked: string[] = [];
    const url = await serve(async (request, response) => {
      asked.push(JSON.parse(await text(request)).expires_at);
      const key = {
        id: 'key_1',
        name: '',
        tenant: 't',
        scopes: ['extract'],
        prefix: 'p',
        created_at: '',
        expires_at: null,
      };
      answer(response, 201, { ...key, key: 'ktpf_x', ends_anonymous_access: true });
    });
    const create = (expires: string) =>
      run(['--url', url, 'keys', 'create', '--scopes', 'extract', '--expires', expires], { TZ: 'Asia/Jakarta' });
    expect((await create('2030-01-01')).stderr).toContain('from now on nobody is served without one');
    expect(asked).toEqual(['2029-12-31T17:00:00.000Z']);
    expect(await create('next year')).toMatchObject({ code: 2, stderr: expect.stringContaining('as 2030-12-31') });
  });
});
