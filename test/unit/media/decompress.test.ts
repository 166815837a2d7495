import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decompress } from '../../../src/media/decompress.ts';

const plain = Buffer.from('data: {"choices":[]}\n\n'.repeat(500));

function bodyOf(bytes: Buffer, size = 7): Readable {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size));
  return Readable.from(parts, { objectMode: false });
}

async function read(body: Readable, encoding: string): Promise<Buffer> {
  const unpacked = decompress(body, encoding);
  if (!unpacked) throw new Error('not known');
  return buffer(unpacked);
}

describe('a body that a server has compressed', () => {
  it.each([
    ['gzip', gzipSync(plain)],
    ['deflate', deflateSync(plain)],
    ['deflate', deflateRawSync(plain)],
    ['deflate', deflateSync(plain, { level: 0 })],
    ['deflate', deflateRawSync(plain, { level: 0 })],
    ['gzip, identity', gzipSync(plain)],
    [' Identity ,X-GZIP', gzipSync(plain)],
  ])('is read as %s, with the header of zlib or without it', async (encoding, bytes) => {
    expect(await read(bodyOf(bytes), encoding)).toEqual(plain);
  });

  it('fails where it is cut off, instead of ending early', async () => {
    const cut = deflateRawSync(plain).subarray(0, 20);
    await expect(read(bodyOf(cut), 'deflate')).rejects.toThrow();
  });

  it('passes on that the connection broke', async () => {
    const broken = Readable.from(
      (async function* () {
        yield deflateRawSync(plain).subarray(0, 10);
        throw new Error('reset');
      })(),
      { objectMode: false },
    );
    await expect(read(broken, 'deflate')).rejects.toThrow('reset');
  });

  it('closes the connection when nobody reads on, even before the first byte', async () => {
    const silent = new Readable({ read: () => {} });
    const unpacked = decompress(silent, 'deflate');
    unpacked?.on('error', () => {}).destroy();
    await expect.poll(() => silent.destroyed).toBe(true);
  });

  it('is empty where nothing came', async () => {
    expect(await read(bodyOf(Buffer.alloc(0)), 'deflate')).toEqual(Buffer.alloc(0));
  });
});
