import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** Built by `npm test`. */
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ktpflow-backup-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const inFolder = (...names: string[]) => join(folder, ...names);

function makeHome(name = 'home', { keys = true } = {}): string {
  const home = inFolder(name);
  for (const part of ['pglite', 'logs', 'blobs', 'keys']) mkdirSync(join(home, part), { recursive: true });
  writeFileSync(join(home, 'pglite', 'PG_VERSION'), '18');
  writeFileSync(join(home, 'temporal.db'), 'history');
  writeFileSync(join(home, 'logs', 'temporal.log'), 'noise');
  writeFileSync(join(home, 'blobs', 'image'), 'sealed');
  writeFileSync(join(home, 'admin-key'), 'ktpf_admin');
  if (keys) writeFileSync(join(home, 'keys', 'encryption-keys'), 'k1:abc\n');
  else rmSync(join(home, 'keys'), { recursive: true });
  return home;
}

async function at(home: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const { ENCRYPTION_KEYS: _, BLOB_URL: __, ...inherited } = process.env;
  // The usual umask: what must stay private must be made so.
  const child = spawn('/bin/sh', ['-c', 'umask 022; exec "$@"', 'sh', process.execPath, MAIN, ...args], {
    cwd: folder,
    env: { ...inherited, KTPFLOW_HOME: home, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, stdout, stderr };
}

describe('ktpflow backup and restore', () => {
  it('carry the data over, and never mix it with other data', async () => {
    const home = makeHome();
    const backup = await at(home, ['backup', 'backup.tar.gz']);
    expect(backup.code).toBe(0);
    expect(backup.stderr).toContain(
      "in it: the database, Temporal's histories, the images, the encryption keys, the admin key",
    );
    expect(backup.stderr).not.toContain('NOT in it');
    expect(statSync(inFolder('backup.tar.gz')).mode & 0o777).toBe(0o600);
    expect(readdirSync(home).filter((name) => name.startsWith('backup-'))).toEqual([]);
    expect((await at(home, ['backup', 'backup.tar.gz'])).code).toBe(2);
    const other = inFolder('other');
    expect((await at(other, ['restore', 'backup.tar.gz'])).code).toBe(0);
    expect(readFileSync(join(other, 'temporal.db'), 'utf8')).toBe('history');
    expect(readFileSync(join(other, 'blobs', 'image'), 'utf8')).toBe('sealed');
    expect(readFileSync(join(other, 'admin-key'), 'utf8')).toBe('ktpf_admin');
    expect(existsSync(join(other, 'logs', 'temporal.log'))).toBe(false);
    writeFileSync(join(other, 'temporal.db'), 'newer');
    expect((await at(other, ['restore', 'backup.tar.gz'])).code).toBe(2);
    expect(readFileSync(join(other, 'temporal.db'), 'utf8')).toBe('newer');
    const { ino } = statSync(other);
    const forced = await at(other, ['restore', '--force', 'backup.tar.gz']);
    expect(forced.code).toBe(0);
    const aside = /what was there is in (\S+)/.exec(forced.stderr)?.[1] ?? '';
    expect(readFileSync(join(aside, 'temporal.db'), 'utf8')).toBe('newer');
    expect(readFileSync(join(other, 'temporal.db'), 'utf8')).toBe('history');
    // A mount point can be written into, and not be renamed.
    expect(statSync(other).ino).toBe(ino);
    expect(readdirSync(other).filter((name) => name.startsWith('restore-'))).toEqual([]);
  });

  it('hold keys and images that lie elsewhere, so that the backup alone brings everything back', async () => {
    const home = makeHome('home', { keys: false });
    rmSync(join(home, 'blobs'), { recursive: true });
    mkdirSync(inFolder('images'));
    writeFileSync(inFolder('images', 'image'), 'elsewhere');
    const environment = {
      ENCRYPTION_KEYS: `k9:${'A'.repeat(43)}=`,
      BLOB_URL: pathToFileURL(inFolder('images')).href,
    };
    expect((await at(home, ['backup', 'all.tar.gz'], environment)).code).toBe(0);
    expect((await at(inFolder('other'), ['restore', 'all.tar.gz'])).code).toBe(0);
    expect(readFileSync(inFolder('other', 'blobs', 'image'), 'utf8')).toBe('elsewhere');
    expect(readFileSync(inFolder('other', 'keys', 'encryption-keys'), 'utf8')).toBe(`${environment.ENCRYPTION_KEYS}\n`);
    expect(statSync(inFolder('other', 'keys', 'encryption-keys')).mode & 0o077).toBe(0);
    mkdirSync(inFolder('again'));
    const again = { BLOB_URL: pathToFileURL(inFolder('again')).href };
    expect((await at(inFolder('third'), ['restore', 'all.tar.gz'], again)).code).toBe(0);
    expect(readFileSync(inFolder('again', 'image'), 'utf8')).toBe('elsewhere');
  });

  it('leave nothing of themselves behind after Ctrl-C: not half a backup, nor the keys of the environment', async () => {
    const home = makeHome();
    writeFileSync(join(home, 'blobs', 'large'), randomBytes(80_000_000));
    writeFileSync(inFolder('a.tar.gz.part'), 'mine');
    const interrupted = async (args: readonly string[], target: string, begun: () => boolean) => {
      const env = { ...process.env, KTPFLOW_HOME: target, ENCRYPTION_KEYS: `k9:${'A'.repeat(43)}=` };
      const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
      const said = text(child.stderr);
      const closed = once(child, 'close');
      await expect.poll(begun, { interval: 5 }).toBe(true);
      child.kill('SIGINT');
      return { code: (await closed)[0], said: await said };
    };
    const drafts = () => readdirSync(folder).filter((name) => /^a\.tar\.gz\.\d+\.part$/.test(name));
    const backup = await interrupted(['backup', 'a.tar.gz'], home, () => drafts().length > 0);
    expect(backup).toEqual({ code: 130, said: 'ktpflow: interrupted: a.tar.gz is not written\n' });
    expect(drafts()).toEqual([]);
    expect(readFileSync(inFolder('a.tar.gz.part'), 'utf8')).toBe('mine');
    expect(readdirSync(home).filter((name) => name.startsWith('backup-'))).toEqual([]);
    expect((await at(home, ['backup', 'a.tar.gz'])).code).toBe(0);
    const other = inFolder('other');
    const unpacking = () => existsSync(other) && readdirSync(other).some((name) => name.startsWith('restore-'));
    expect((await interrupted(['restore', 'a.tar.gz'], other, unpacking)).code).toBe(130);
    expect(readdirSync(other).filter((name) => /restore|pglite|blobs|keys/.test(name))).toEqual([]);
  });

  it('say what is not in it, and refuse what they cannot hold', async () => {
    const home = makeHome();
    rmSync(join(home, 'temporal.db'));
    const { stderr } = await at(home, ['backup', 'a.tar.gz'], { BLOB_URL: 's3://bucket/cards' });
    expect(stderr).toMatch(/NOT in it: the images: they are in s3:\/\/bucket\/cards/);
    expect(stderr).toMatch(/NOT in it: Temporal's histories/);
    const postgres = await at(home, ['backup', 'b.tar.gz'], { DATABASE_URL: 'postgresql://localhost/x' });
    expect(postgres).toMatchObject({ code: 2, stderr: expect.stringContaining('pg_dump') });
    const nowhere = await at(home, ['backup', 'nodir/x.tar.gz']);
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no folder nodir') });
    const empty = await at(inFolder('empty'), ['backup', 'c.tar.gz']);
    expect(empty).toMatchObject({ code: 2, stderr: expect.stringContaining('holds no data') });
  });

  it('encrypt with a passphrase, and open with no other', async () => {
    const home = makeHome();
    const passphrase = (value: string) => ({ KTPFLOW_BACKUP_PASSPHRASE: value });
    expect((await at(home, ['backup', '--encrypt', 'a.age'])).stderr).toContain('KTPFLOW_BACKUP_PASSPHRASE');
    expect((await at(home, ['backup', '--encrypt', 'a.age'], passphrase('short'))).code).toBe(2);
    const right = passphrase('correct horse battery');
    expect((await at(home, ['backup', '--encrypt', 'a.age'], right)).code).toBe(0);
    const bytes = readFileSync(inFolder('a.age'));
    expect(bytes.subarray(0, 21).toString()).toBe('age-encryption.org/v1');
    expect(bytes.includes('ktpf_admin')).toBe(false);
    const wrong = await at(inFolder('other'), ['restore', 'a.age'], passphrase('something else'));
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('does not open this backup') });
    expect((await at(inFolder('other'), ['restore', 'a.age'], right)).code).toBe(0);
    expect(readFileSync(inFolder('other', 'temporal.db'), 'utf8')).toBe('history');
    // A passphrase takes a second and 256 MB on purpose, and longer on a busy machine.
  }, 180_000);

  it.each([
    ['of its content', (home: string) => ['-C', home, '.']],
    ['of the folder', (home: string) => ['-C', join(home, '..'), 'home']],
  ])('take a tar archive %s that was made by hand', async (_what, what) => {
    const home = makeHome();
    execFileSync('tar', ['-czf', inFolder('hand.tar.gz'), ...what(home)]);
    expect((await at(inFolder('other'), ['restore', 'hand.tar.gz'])).code).toBe(0);
    expect(readFileSync(inFolder('other', 'temporal.db'), 'utf8')).toBe('history');
    expect(readFileSync(inFolder('other', 'keys', 'encryption-keys'), 'utf8')).toBe('k1:abc\n');
  });

  it('refuse what is no backup or is cut, and leave the data as they were', async () => {
    const home = makeHome();
    writeFileSync(inFolder('card.png'), Buffer.from('89504e470d0a1a0a', 'hex'));
    execFileSync('tar', ['-czf', inFolder('else.tar.gz'), '-C', home, 'logs']);
    writeFileSync(
      join(home, 'blobs', 'random'),
      Buffer.from(Array.from({ length: 50_000 }, (_, at) => (at * at * 7919) % 251)),
    );
    expect((await at(home, ['backup', 'cut.tar.gz'])).code).toBe(0);
    truncateSync(inFolder('cut.tar.gz'), Math.floor(statSync(inFolder('cut.tar.gz')).size / 2));
    for (const name of ['card.png', 'else.tar.gz', 'cut.tar.gz', 'nothing.tar.gz']) {
      expect({ name, ...(await at(home, ['restore', '--force', name])) }).toMatchObject({
        name,
        code: 2,
        stderr: expect.stringContaining(name),
      });
    }
    expect(readFileSync(join(home, 'temporal.db'), 'utf8')).toBe('history');
    expect(readdirSync(home).filter((name) => name.includes('restore-'))).toEqual([]);
  });
});
