import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Keyring } from '../../../src/encryption/keyring.ts';
import { readBlob } from '../../../src/storage/blobs.ts';
import { parseS3Url, S3BlobStore } from '../../../src/storage/s3-blobs.ts';
import { type S3Server, startS3Server } from '../../support/s3-server.ts';
import { keepsListingContract } from './listing-contract.ts';

const keyring = new Keyring([{ id: 'k', secret: randomBytes(32) }]);
let server: S3Server;
let blobs: S3BlobStore;

beforeEach(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  server = await startS3Server('cards');
  blobs = new S3BlobStore(parseS3Url('s3://cards/ktpflow/blobs/'), keyring, server.endpoint);
});
afterEach(async () => {
  blobs.close();
  await server.close();
  vi.unstubAllEnvs();
});

const write = (bytes: Uint8Array) => blobs.write(Readable.from([Buffer.from(bytes)]), keyring.createDataKey());

describe('S3BlobStore', () => {
  it('gives back what was written, and sends no plain byte', async () => {
    const plain = Buffer.from('SPESIMEN '.repeat(20_000));
    const key = keyring.createDataKey();
    const { blob, size } = await blobs.write(Readable.from([plain]), key);
    expect(size).toBe(plain.length);
    expect((await readBlob(blobs, blob)).equals(plain)).toBe(true);
    expect(Buffer.from(await blobs.wrappedKey(blob)).equals(key.wrappedKey)).toBe(true);
    const [[name, stored]] = [...server.objects] as [[string, Buffer]];
    expect(name).toBe(`ktpflow/blobs/${blob.slice(0, 2)}/${blob}`);
    expect(stored.includes('SPESIMEN')).toBe(false);
  });

  it('sends what is larger than a part in parts, and reads any range of it', async () => {
    const plain = randomBytes(20 * 1024 * 1024 + 123);
    const { blob } = await write(plain);
    expect(server.uploads.size).toBe(0);
    expect((await readBlob(blobs, blob)).equals(plain)).toBe(true);
    const reader = await blobs.open(blob);
    expect(reader.size).toBe(plain.length);
    for (const [start, length] of [
      [0, 10],
      [65_530, 20],
      [9_999_999, 200_000],
      [plain.length - 5, 50],
    ] as const) {
      expect((await reader.read(start, length)).equals(plain.subarray(start, start + length))).toBe(true);
    }
    await reader.close();
  });

  it.each([1_000, 20 * 1024 * 1024])(
    'leaves nothing behind when the upload breaks off after %d bytes',
    async (bytes) => {
      const broken = Readable.from(
        (async function* () {
          for (let sent = 0; sent < bytes; sent += 1024 * 1024) yield Buffer.alloc(Math.min(bytes, 1024 * 1024));
          throw new Error('connection reset');
        })(),
      );
      await expect(blobs.write(broken, keyring.createDataKey())).rejects.toThrow('connection reset');
      expect(server.objects.size).toBe(0);
      expect(server.uploads.size).toBe(0);
    },
  );

  it('answers storage_unavailable when a part is refused for good, and ends the source', async () => {
    server.fail('PUT', 500, 100);
    const source = Readable.from([Buffer.alloc(1_000)]);
    await expect(blobs.write(source, keyring.createDataKey())).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(source.destroyed).toBe(true);
  });

  it('tries a passing fault again', async () => {
    server.fail('PUT', 503, 2);
    const { blob } = await write(Buffer.from('x'));
    server.fail('GET', 500, 1);
    expect((await readBlob(blobs, blob)).toString()).toBe('x');
  });

  it('answers not_found for a blob that was deleted, and deletes twice without an error', async () => {
    const { blob } = await write(Buffer.from('x'));
    await blobs.delete(blob);
    await blobs.delete(blob);
    await expect(readBlob(blobs, blob)).rejects.toMatchObject({ code: 'not_found' });
    await expect(blobs.open(blob)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('refuses a reference that would name another object', async () => {
    await expect(blobs.read('../../other')).rejects.toMatchObject({ code: 'internal' });
  });

  it('does not open an object that was changed', async () => {
    const { blob } = await write(Buffer.from('SPESIMEN'));
    const [stored] = server.objects.values();
    stored?.fill(0, stored.length - 1);
    await expect(readBlob(blobs, blob)).rejects.toThrow('does not open');
  });

  keepsListingContract(() => blobs, keyring);

  it('ends every upload that died, and none of another application in the same bucket', async () => {
    const references = [1, 2, 3].map((digit) => `ab${String(digit).repeat(30)}`);
    const ours = references.map((reference) => `ktpflow/blobs/ab/${reference}`);
    const theirs = ['ktpflow/blobs-archive/tape', `ktpflow/blobs/tape`, `ktpflow/blobs/cd/${references[0]}`];
    for (const key of [...ours, ...theirs]) {
      await fetch(`${server.endpoint}/cards/${key}?uploads`, { method: 'POST' });
    }
    for await (const blob of blobs.listOlderThan(new Date(Date.now() + 60_000))) expect(blob).toBe('none');
    const left = [...server.uploads.values()].map((upload) => (upload as { key: string }).key);
    expect(left.sort()).toEqual(theirs.sort());
  });

  it('keeps to its own objects in a bucket that it has without a prefix', async () => {
    const whole = new S3BlobStore(parseS3Url('s3://cards'), keyring, server.endpoint);
    const { blob } = await whole.write(Readable.from([Buffer.from('x')]), keyring.createDataKey());
    await fetch(`${server.endpoint}/cards/others/${blob}`, { method: 'PUT', body: 'x' });
    const found: string[] = [];
    for await (const reference of whole.listOlderThan(new Date(Date.now() + 60_000))) found.push(reference);
    whole.close();
    expect(found).toEqual([blob]);
  });

  it('is unavailable, not empty, while its server or its bucket is away', async () => {
    await expect(blobs.check()).resolves.toBeUndefined();
    const elsewhere = new S3BlobStore(parseS3Url('s3://missing'), keyring, server.endpoint);
    await expect(elsewhere.check()).rejects.toMatchObject({ code: 'storage_unavailable' });
    elsewhere.close();
    await server.close();
    await expect(blobs.check()).rejects.toMatchObject({ code: 'storage_unavailable' });
    await expect(write(Buffer.from('x'))).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});
