import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import excel from 'exceljs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { ColourReader, picture } from '../support/colour-reader.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { specimenResult } from '../support/results.ts';
import { makeZip } from '../support/zip.ts';

/** Built by `npm test`. */
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const RESULT = await specimenResult();
const ADMIN = 'administrator-key';

let platform: Platform;
let api: TestApi;
let folder: string;
const reader = new ColourReader(() => platform, RESULT);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ktpflow-cli-'));
  platform = await startPlatform({ readCard: () => reader.readCard });
  platform.startWorkflows();
  platform.startInference();
  api = await startTestApi(platform, { API_KEYS: `${ADMIN}:extract+admin:cli,reader-key:extract:cli` });
  mkdirSync(join(folder, 'cards', 'deep'), { recursive: true });
  for (let index = 0; index < 12; index++) {
    writeFileSync(join(folder, 'cards', index < 6 ? '' : 'deep', `${index}.png`), await picture(index + 1));
  }
});
afterAll(async () => {
  await api.close();
  await platform.stop();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  reader.slow = 0;
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, KTPFLOW_URL: api.address, KTPFLOW_API_KEY: ADMIN, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

async function ended(child: ChildProcess): Promise<Ended> {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('no pipes');
  const [out, err, [code]] = await Promise.all([text(stdout), text(stderr), once(child, 'close')]);
  return { code, stdout: out, stderr: err };
}

const run = (...args: string[]): Promise<Ended> => {
  const child = start(args);
  child.stdin?.end();
  return ended(child);
};

const card = (name = '1.png') => join(folder, 'cards', name);
const inFolder = (name: string) => join(folder, name);

describe('ktpflow extract', () => {
  it('prints the fields of one card, a table of several, a line of JSON each', async () => {
    const one = await run('extract', card());
    expect(one).toMatchObject({ code: 0, stderr: '' });
    expect(one.stdout).toContain(`nik                ${RESULT.compat.nik}\n`);
    const black = inFolder('black.png');
    writeFileSync(black, await picture(0));
    const several = await run('extract', card(), black);
    expect(several.code).toBe(3);
    expect(several.stdout.split('\n')[1]).toMatch(new RegExp(`1.png +succeeded +${RESULT.compat.nik}`));
    expect(several.stdout.split('\n')[2]).toMatch(/black.png +not_a_ktp/);
    const json = await run('--json', 'extract', card(), card('2.png'));
    const lines = json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => line.status)).toEqual(['succeeded', 'succeeded']);
  });

  it('reads stdin, and names a picture that is none', async () => {
    const child = start(['extract', '-']);
    child.stdin?.end(readFileSync(card()));
    expect((await ended(child)).stdout).toContain(RESULT.compat.nik);
    const broken = inFolder('broken.jpg');
    writeFileSync(broken, 'no picture');
    const bad = await run('extract', broken);
    expect(bad.code).toBe(3);
    expect(bad.stdout).toContain('invalid_image');
    expect(bad.stderr).toContain('The file is not an image. (invalid_image)');
  });

  it('has an exit code for each way to fail', async () => {
    expect((await run('extract', inFolder('nothing.jpg'))).code).toBe(2);
    expect((await run('frobnicate')).code).toBe(2);
    expect((await run('--api-key', 'wrong-key-wrong', 'status')).code).toBe(5);
    expect((await run('--url', 'http://127.0.0.1:1', 'status')).code).toBe(4);
    expect((await run('--help')).stdout).toContain('Exit codes:');
  });
});

describe('ktpflow batch', () => {
  it('reads a folder into a spreadsheet, and keeps a file that is there', async () => {
    const out = inFolder('results.xlsx');
    const { code, stderr, stdout } = await run('batch', inFolder('cards'), '--out', out);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('12 images');
    expect(stderr).toContain('completed: 12 of 12 read');
    const workbook = new excel.Workbook();
    await workbook.xlsx.readFile(out);
    const sheet = workbook.worksheets[0];
    expect(sheet?.getColumn(3).values.slice(2)).toEqual([
      ...[0, 1, 2, 3, 4, 5].map((index) => `${index}.png`),
      ...[6, 7, 8, 9, 10, 11].map((index) => `deep/${index}.png`),
    ]);
    expect(sheet?.getCell('F2').value).toBe(RESULT.compat.nik);
    expect((await run('batch', inFolder('cards'), '--out', out)).code).toBe(2);
    expect(existsSync(`${out}.part`)).toBe(false);
  });

  it('reads a ZIP file and a manifest, to stdout, quietly', async () => {
    const zip = inFolder('cards.zip');
    writeFileSync(
      zip,
      makeZip([
        { name: 'a.png', data: await picture(9) },
        { name: 'b.png', data: await picture(0) },
      ]),
    );
    const archive = await run('--quiet', 'batch', zip, '--out', '-', '--format', 'csv');
    expect(archive.code).toBe(3);
    expect(archive.stderr).toBe('');
    expect(archive.stdout.split('\r\n')[2]).toContain('"b.png","failed","not_a_ktp"');
    const forIndonesia = ['--out', '-', '--format', 'csv', '--spreadsheet'];
    const csv = await run('--quiet', 'batch', zip, ...forIndonesia);
    expect(csv.stdout.split('\r\n')[0]).toMatch(/^index;custom_id;name;/);
    const [, latest = ''] = (await run('status')).stdout.split('\n');
    expect((await run('retry', latest.split(' ')[0] ?? '')).code).toBe(0);
    const manifest = inFolder('cards.csv');
    writeFileSync(manifest, 'file,custom_id\ncards/1.png,one\ncards/deep/7.png,seven\n');
    const labelled = await run('--quiet', 'batch', manifest, '--out', '-');
    const ids = labelled.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).custom_id);
    expect(ids).toEqual(['one', 'seven']);
  });

  it('is handed in, looked at, cancelled and retried by its id', async () => {
    // Longer would miss a heartbeat.
    reader.slow = 3_000;
    const manifest = inFolder('many.csv');
    const rows = Array.from({ length: 60 }, (_, index) => `cards/1.png,${index}`);
    writeFileSync(manifest, ['file,custom_id', ...rows, ''].join('\n'));
    const { stdout } = await run('batch', manifest, '--detach');
    const id = stdout.trim();
    expect(id).toMatch(/^batch_[0-9a-f]{32}$/);
    const cancelled = await run('--json', 'cancel', id);
    expect(JSON.parse(cancelled.stdout)).toMatchObject({ id, status: 'cancelled' });
    expect((await run('status')).stdout).toContain(id);
    const status = await run('status', id);
    expect(status.stdout).toContain('cancelled');
    reader.slow = 0;
    const resumed = await run('batch', '--resume', id, '--out', inFolder('cancelled.ndjson'));
    expect(resumed.code).toBe(6);
    expect(readFileSync(inFolder('cancelled.ndjson'), 'utf8').trimEnd().split('\n')).toHaveLength(rows.length);
  });

  it('goes on after Ctrl-C where nobody can be asked, and is found again', async () => {
    reader.slow = 300;
    const child = start(['batch', inFolder('cards'), '--out', inFolder('later.csv')]);
    child.stdin?.end();
    const ending = ended(child);
    await expect.poll(() => reader.reads.length).toBeGreaterThan(0);
    let printed = '';
    child.stderr?.on('data', (bytes: Buffer) => {
      printed += bytes.toString();
    });
    await expect.poll(() => printed).toMatch(/batch_[0-9a-f]{32}/);
    await new Promise((resolve) => setTimeout(resolve, 500));
    child.kill('SIGINT');
    const { code, stderr } = await ending;
    expect(code).toBe(130);
    const id = /--resume (batch_[0-9a-f]{32})/.exec(stderr)?.[1] ?? '';
    const resumed = await run('batch', '--resume', id, '--out', inFolder('later.csv'));
    expect(resumed.code).toBe(0);
    expect(readFileSync(inFolder('later.csv'), 'utf8').trimEnd().split('\r\n')).toHaveLength(13);
  });

  it('ends quietly when its reader has gone', async () => {
    const child = start(['batch', inFolder('cards'), '--out', '-']);
    child.stdin?.end();
    child.stdout?.destroy();
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
  });
});

describe('ktpflow keys', () => {
  it('creates, lists, rotates and revokes; the key alone goes to stdout', async () => {
    const created = await run('keys', 'create', '--scopes', 'extract', '--tenant', 'cli', '--name', 'scanner');
    const key = created.stdout.trim();
    expect(key).toMatch(/^ktpf_/);
    const id = /key_[0-9a-f]+/.exec(created.stderr)?.[0] ?? '';
    expect((await run('keys', 'list')).stdout).toContain('scanner');
    // Whether the server takes a key needs no command, which costs half a second.
    const statusWith = async (shown: string) =>
      (await fetch(`${api.address}/v1/ktp/batches`, { headers: { authorization: `Bearer ${shown}` } })).status;
    expect(await statusWith(key)).toBe(200);
    const rotated = (await run('--quiet', 'keys', 'rotate', id)).stdout.trim();
    expect(await statusWith(key)).toBe(401);
    expect(await statusWith(rotated)).toBe(200);
    expect((await run('keys', 'revoke', id)).code).toBe(0);
    expect(await statusWith(rotated)).toBe(401);
    expect((await run('--api-key', 'reader-key', 'keys', 'list')).code).toBe(5);
  });
});

describe('ktpflow doctor', () => {
  it('says what is there, and fails for a bad configuration', async () => {
    const fine = await run('--json', 'doctor');
    const findings = JSON.parse(fine.stdout) as { what: string; level: string }[];
    expect(findings.find((finding) => finding.what === 'server')?.level).toBe('ok');
    const bad = await ended(start(['doctor'], { PORT: 'many' }));
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain('PORT');
  });

  it('tries what a cluster names, and does not call a server well that nobody has asked', async () => {
    const nobody = '127.0.0.1:9';
    const settings = {
      TEMPORAL_ADDRESS: nobody,
      DATABASE_URL: `postgresql://ktpflow:s3cret-word@${nobody}/ktpflow`,
      BLOB_URL: 's3://bucket/blobs',
      S3_ENDPOINT: `http://${nobody}`,
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 's3cret-word',
      AWS_REGION: 'us-east-1',
      ENCRYPTION_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
      VLM_BASE_URL: `http://${nobody}/v1`,
    };
    const { code, stdout } = await ended(start(['doctor'], settings));

    expect(code).toBe(1);
    for (const what of ['Temporal', 'database', 'blob store', 'model server']) {
      expect(stdout).toMatch(new RegExp(`^✗ ${what}: .* cannot be used from here`, 'm'));
    }
    expect(stdout).not.toContain('s3cret-word');
  });
});

describe('ktpflow subject', () => {
  it('answers a data subject by a NIK from stdin, and never by one on the command line', async () => {
    const { database, keyring } = platform;
    const nik = '3504074906650000';
    const row = { tenant: 'cli', kind: 'extraction', record: 'ext_of_subject', nikHash: keyring.subjectHash(nik) };
    await database.subjectRecord.create({ data: { ...row, erasedAt: new Date() } });
    const ask = (input: string, ...args: string[]) => {
      const child = start([...args, 'subject']);
      child.stdin?.end(input);
      return ended(child);
    };
    const found = await ask(`${nik}\n`);
    expect(found).toMatchObject({ code: 0, stderr: '' });
    expect(found.stdout).toMatch(/ext_of_subject +cli +\S+ +erased at 2/);
    const line = JSON.parse((await ask('3504 0749 0665 0000', '--json')).stdout);
    expect(line).toMatchObject({ record: 'ext_of_subject', status: 'erased' });
    const wrong = await ask('350407490665');
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).not.toContain('350407490665');
    expect((await run('subject', nik)).code).toBe(2);
    const log = await run('access-log');
    expect(JSON.parse(log.stdout.split('\n')[0] ?? '')).toMatchObject({ action: expect.any(String), tenant: 'cli' });
  });
});

describe('ktpflow watch', () => {
  const inbox = () => inFolder('inbox');
  const names = (folder: string) => (existsSync(folder) ? readdirSync(folder).sort() : []);
  const watch = () => start(['--json', 'watch', inbox(), '--settle', '0.5']);
  const stopped = async (child: ChildProcess, signal: NodeJS.Signals) => {
    const end = ended(child);
    child.kill(signal);
    return end;
  };

  it('reads each file once over a kill, moves it with its result or reason, and ends cleanly', async () => {
    mkdirSync(inbox());
    const count = () => platform.database.extraction.count({ where: { batchId: null } });
    const before = await count();
    for (let index = 0; index < 6; index++) {
      writeFileSync(join(inbox(), `card ${index}.png`), await picture(index + 1, 222));
    }
    writeFileSync(join(inbox(), 'black.png'), await picture(0, 0, 0));
    writeFileSync(join(inbox(), 'text.jpg'), 'no picture');
    writeFileSync(join(inbox(), 'half.jpg.part'), 'half');
    reader.slow = 400;
    const first = watch();
    await expect.poll(() => names(join(inbox(), 'done')).length, { timeout: 40_000 }).toBeGreaterThan(0);
    await stopped(first, 'SIGKILL');
    reader.slow = 0;
    const second = watch();
    await expect.poll(() => names(inbox()), { timeout: 40_000 }).toEqual(['done', 'failed', 'half.jpg.part']);
    expect(await stopped(second, 'SIGTERM')).toMatchObject({ code: 0 });
    const cards = Array.from({ length: 6 }, (_, index) => [`card ${index}.png`, `card ${index}.png.json`]).flat();
    expect(names(join(inbox(), 'done'))).toEqual(cards);
    expect(names(join(inbox(), 'failed'))).toEqual([
      'black.png',
      'black.png.reason.json',
      'text.jpg',
      'text.jpg.reason.json',
    ]);
    const job = JSON.parse(readFileSync(join(inbox(), 'done', 'card 0.png.json'), 'utf8'));
    expect(job).toMatchObject({ status: 'succeeded', result: { compat: { nik: RESULT.compat.nik } } });
    const reason = JSON.parse(readFileSync(join(inbox(), 'failed', 'text.jpg.reason.json'), 'utf8'));
    expect(reason).toMatchObject({ code: 'invalid_image' });
    // Six cards and a black picture; the text was refused before it had a row.
    expect((await count()) - before).toBe(7);
  }, 120_000);

  it('moves a card that waits for a person, and does not ask for it again and again', async () => {
    const folder = inFolder('reviewed');
    mkdirSync(folder);
    writeFileSync(join(folder, 'card.png'), await picture(8, 88));
    const child = start(['--json', 'watch', folder, '--settle', '0.2', '--review', 'always']);
    await expect.poll(() => names(join(folder, 'done')), { timeout: 40_000 }).toEqual(['card.png', 'card.png.json']);
    const job = JSON.parse(readFileSync(join(folder, 'done', 'card.png.json'), 'utf8'));
    expect(job).toMatchObject({ status: 'needs_review', result: { compat: { nik: RESULT.compat.nik } } });
    expect(await stopped(child, 'SIGTERM')).toMatchObject({ code: 0 });
  }, 60_000);

  it('does not read a file that is still being written', async () => {
    const folder = inFolder('growing');
    mkdirSync(folder);
    const child = start(['--json', 'watch', folder, '--settle', '1.5']);
    const whole = await picture(9, 99);
    const target = join(folder, 'slow.png');
    for (let part = 0; part < 8; part++) {
      appendFileSync(target, whole.subarray((part * whole.length) / 8, ((part + 1) * whole.length) / 8));
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(names(join(folder, 'failed'))).toEqual([]);
    }
    await expect.poll(() => names(join(folder, 'done')), { timeout: 40_000 }).toEqual(['slow.png', 'slow.png.json']);
    expect(await stopped(child, 'SIGTERM')).toMatchObject({ code: 0 });
  }, 120_000);
});
