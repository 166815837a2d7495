import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** Built by `npm run test:slow`. */
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const ID = `batch_${'0'.repeat(32)}`;
const RUNNING = {
  id: ID,
  status: 'running',
  counts: { total: 1, queued: 1, running: 0, succeeded: 0, failed: 0, cancelled: 0 },
  skipped: 0,
  created_at: '2026-11-25T00:00:00Z',
  throughput: null,
  eta_seconds: null,
  error: null,
};

let folder: string;
let server: Server;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ktpflow-cli-signals-'));
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true });
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function answer(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Without a terminal. */
function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return Object.assign(child, { said: text(child.stderr) });
}

/** Something that happens once, to be waited for. */
function event(): { readonly happened: Promise<void>; readonly happen: () => void } {
  let happen = () => {};
  const happened = new Promise<void>((resolve) => {
    happen = resolve;
  });
  return { happened, happen };
}

/** Of all processes; none where there is no /proc. */
function commandLines(): string[] {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((id) => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    });
}

describe('a command that is asked to end', () => {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    it(`by ${name} shows the cards that were read, and says how many were not`, async () => {
      const { happened, happen } = event();
      let asked = 0;
      const url = await serve(async (request, response) => {
        await buffer(request);
        if (++asked === 1) answer(response, { id: 'ext_1', status: 'succeeded', error: null, result: null });
        else happen();
      });
      for (const card of ['1.png', '2.png']) writeFileSync(join(folder, card), 'x');
      const child = start(['--url', url, 'extract', '1.png', '2.png']);
      const shown = text(child.stdout);
      await happened;
      child.kill(name);
      expect(await once(child, 'exit')).toEqual([130, null]);
      expect(await child.said).toMatch(/ktpflow: interrupted: 1 of 2 not read yet\n$/);
      expect(await shown).toMatch(/^[12]\.png +succeeded/m);
    });
  }

  it('by SIGTERM while it watches a batch leaves the line that finds it again', async () => {
    const { happened, happen } = event();
    const url = await serve((_request, response) => {
      answer(response, RUNNING);
      happen();
    });
    const child = start(['--url', url, 'batch', '--resume', ID]);
    await happened;
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(await child.said).toContain(`${ID} goes on; ktpflow batch --resume ${ID}`);
  });

  it('a second time, while a server that hangs keeps it from clearing up, ends at once', async () => {
    const { happened, happen } = event();
    let asked = 0;
    const url = await serve(async (request, response) => {
      await buffer(request);
      if (++asked === 1) answer(response, { ...RUNNING, counts: { ...RUNNING.counts, total: 1000 } });
      else happen();
    });
    for (let index = 0; index < 1_100; index++) writeFileSync(join(folder, `${index}.png`), 'x');
    const child = start(['--url', url, 'batch', '.', '--detach']);
    await happened;
    child.kill('SIGTERM');
    await expect.poll(() => asked).toBe(3);
    // An impatient press, not npx passing the first one on.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([130, null]);
  });

  it('while it starts a platform says so, and leaves nothing running', async () => {
    const home = join(folder, 'home');
    writeFileSync(join(folder, '1.png'), 'x');
    const child = start(['extract', '1.png'], { KTPFLOW_HOME: home, KTPFLOW_URL: '', PORT: '1' });
    await expect.poll(() => existsSync(home) && readdirSync(home).join()).toContain('pglite.new');
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
    const said = (await child.said).split('\n').slice(1);
    expect(commandLines().filter((line) => line.includes(home))).toEqual([]);
    expect(said).toEqual(['stopping the embedded platform', 'ktpflow: interrupted: nothing was done', '']);
  });
});

describe.skipIf(process.platform !== 'linux')('a terminal that is closed', () => {
  /** Of the results of a batch, of which only the half ever comes. */
  async function serveHalf(): Promise<{ readonly url: string; readonly happened: Promise<void> }> {
    const { happened, happen } = event();
    const url = await serve((request, response) => {
      if (!request.url?.includes('/results')) return answer(response, { ...RUNNING, status: 'completed' });
      response.write('half');
      happen();
    });
    return { url, happened };
  }

  it('leaves no half file of the results', async () => {
    const { happened, url } = await serveHalf();
    const command = [process.execPath, MAIN, '--url', url, 'batch', '--resume', ID, '--out', 'out.csv'].join(' ');
    const terminal = spawn('script', ['-qec', command, '/dev/null'], { cwd: folder, stdio: 'ignore' });
    await happened;
    await expect.poll(() => readdirSync(folder).length).toBe(1);
    terminal.kill('SIGKILL');
    await expect.poll(() => readdirSync(folder)).toEqual([]);
  });

  it('is nothing to what runs without one, as under nohup', async () => {
    const { happened, url } = await serveHalf();
    const child = start(['--url', url, 'batch', '--resume', ID, '--out', 'out.csv']);
    await happened;
    child.kill('SIGHUP');
    expect(await Promise.race([once(child, 'exit'), new Promise((resolve) => setTimeout(resolve, 500, 'runs'))])).toBe(
      'runs',
    );
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
  });
});
