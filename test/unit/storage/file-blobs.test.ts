import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Keyring } from '../../../src/encryption/keyring.ts';
import { readBlob } from '../../../src/storage/blobs.ts';
import { FileBlobStore } from '../../../src/storage/file-blobs.ts';
import { keepsListingContract } from './listing-contract.ts';

const keyring = new Keyring([{ id: 'k', secret: randomBytes(32) }]);
/** A file system of its own, which root may mount on Linux, unless in a container. */
const MAY_MOUNT = (() => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

let folder: string;
let blobs: FileBlobStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ktpflow-blobs-'));
  blobs = await FileBlobStore.open(folder, keyring);
});
afterEach(() => rm(folder, { recursive: true }));

describe('FileBlobStore', () => {
  it('gives back what was written, and leaves no plain byte on the disk', async () => {
    const plain = Buffer.from('SPESIMEN '.repeat(20_000));
    const key = keyring.createDataKey();
    const { blob, size } = await blobs.write(Readable.from([plain]), key);
    expect(size).toBe(plain.length);
    expect((await readBlob(blobs, blob)).equals(plain)).toBe(true);
    expect(Buffer.from(await blobs.wrappedKey(blob)).equals(key.wrappedKey)).toBe(true);
    const onDisk = await readFile(join(folder, blob.slice(0, 2), blob));
    expect(onDisk.includes('SPESIMEN')).toBe(false);
  });

  it.skipIf(process.platform === 'win32')('is flushed with the folder that names it: power may fail', async () => {
    await using own = await open(folder, 'r');
    const flushed: boolean[] = [];
    const prototype = Object.getPrototypeOf(own) as typeof own;
    const sync = prototype.sync;
    vi.spyOn(prototype, 'sync').mockImplementation(async function (this: typeof own) {
      flushed.push((await this.stat()).isDirectory());
      return sync.call(this);
    });
    await blobs.write(Readable.from([Buffer.from('a card')]), keyring.createDataKey());
    vi.restoreAllMocks();
    // The file, its folder, and the one in which that was made.
    expect(flushed).toEqual([false, true, true]);
  });

  it('leaves nothing behind when the upload breaks off', async () => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.alloc(100_000);
        throw new Error('connection reset');
      })(),
    );
    await expect(blobs.write(broken, keyring.createDataKey())).rejects.toThrow('connection reset');
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
  });

  it('takes an upload whose connection just ends for a cut one, not for a whole picture', async () => {
    const cut = new PassThrough();
    const written = blobs.write(cut, keyring.createDataKey());
    cut.write(Buffer.alloc(100_000));
    setImmediate(() => cut.destroy());
    await expect(written).rejects.toThrow('Premature close');
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
  });

  it('tells of an upload that broke off before the first byte, and lives on', async () => {
    const gone = new PassThrough();
    const written = blobs.write(gone, keyring.createDataKey());
    gone.destroy(new Error('connection reset'));
    await expect(written).rejects.toThrow('connection reset');
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
  });

  it('lets go of an upload that it cannot write: the sender would wait for ever', async () => {
    await rm(join(folder, 'incoming'), { recursive: true });
    const upload = new PassThrough();
    await expect(blobs.write(upload, keyring.createDataKey())).rejects.toThrow();
    expect(upload.destroyed).toBe(true);
  });

  it('answers not_found for a blob that was deleted, and deletes twice without an error', async () => {
    const { blob } = await blobs.write(Readable.from([Buffer.from('x')]), keyring.createDataKey());
    await blobs.delete(blob);
    await blobs.delete(blob);
    await expect(readBlob(blobs, blob)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('says that nothing can be written, before somebody sends an image', async () => {
    await blobs.check();
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
    await rm(join(folder, 'incoming'), { recursive: true });
    await expect(blobs.check()).rejects.toThrow();
  });

  it.skipIf(!MAY_MOUNT)('says that the disk is full, though a byte may still find room', async () => {
    const disk = join(folder, 'disk');
    await mkdir(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
    try {
      const small = await FileBlobStore.open(disk, keyring);
      await small.check();
      await writeFile(join(disk, 'ballast'), Buffer.alloc(1_500_000));
      await expect(small.check()).rejects.toMatchObject({ code: 'storage_unavailable' });
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  it('refuses a reference that would climb out of its folder', async () => {
    await expect(blobs.read('../../etc/passwd')).rejects.toMatchObject({ code: 'internal' });
  });

  keepsListingContract(() => blobs, keyring);

  it('lists its own folders, whatever else a mounted volume or a desktop has put beside them', async () => {
    const { blob } = await blobs.write(Readable.from([Buffer.from('x')]), keyring.createDataKey());
    await writeFile(join(folder, '.DS_Store'), '');
    await writeFile(join(folder, blob.startsWith('ab') ? 'cd' : 'ab'), 'a file by the name of a folder');
    await mkdir(join(folder, 'lost+found'), { mode: 0o000 });
    await writeFile(join(folder, 'incoming', '.DS_Store'), '');
    const found: string[] = [];
    for await (const reference of blobs.listOlderThan(new Date(Date.now() + 60_000))) found.push(reference);
    expect(found).toEqual([blob]);
  });

  it('says of a deletion that the disk refuses that the store is not available', async () => {
    const blob = 'ab'.repeat(16);
    await writeFile(join(folder, 'ab'), 'no folder');
    await expect(blobs.delete(blob)).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});
