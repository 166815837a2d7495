import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Keyring, SealError } from '../../../src/encryption/keyring.ts';
import { FileBlobStore } from '../../../src/storage/file-blobs.ts';

const CHUNK = 64 * 1024;
const keyring = new Keyring([{ id: 'k', secret: randomBytes(32) }]);
let folder: string;
let blobs: FileBlobStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ktpflow-chunks-'));
  blobs = await FileBlobStore.open(folder, keyring);
});
afterEach(() => rm(folder, { recursive: true }));

async function stored(plain: Buffer): Promise<{ blob: string; path: string }> {
  const { blob } = await blobs.write(Readable.from([plain]), keyring.createDataKey());
  return { blob, path: join(folder, blob.slice(0, 2), blob) };
}

describe('parts of a blob', () => {
  it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 777])(
    'are those of %i plain bytes',
    async (size) => {
      const plain = randomBytes(size);
      const { blob } = await stored(plain);
      const reader = await blobs.open(blob);
      expect(reader.size).toBe(size);
      for (const [start, length] of [
        [0, size],
        [0, 10],
        [size - 22, 22],
        [CHUNK - 5, 10],
        [CHUNK, CHUNK],
        [size, 5],
      ] as const) {
        if (start < 0) continue;
        expect((await reader.read(start, length)).equals(plain.subarray(start, start + length))).toBe(true);
      }
      await reader.close();
    },
  );

  it('do not open when a byte was changed or the end was cut off', async () => {
    const plain = randomBytes(2 * CHUNK);
    const changed = await stored(plain);
    const file = await open(changed.path, 'r+');
    await file.write(Buffer.of(1, 2, 3, 4), 0, 4, 1000);
    await file.close();
    const reader = await blobs.open(changed.blob);
    await expect(reader.read(0, 10)).rejects.toThrow(SealError);
    expect((await reader.read(CHUNK, 10)).equals(plain.subarray(CHUNK, CHUNK + 10))).toBe(true);
    await reader.close();

    const cut = await stored(plain);
    await truncate(cut.path, CHUNK + 500);
    const cutReader = await blobs.open(cut.blob);
    await expect(cutReader.read(cutReader.size - 10, 10)).rejects.toThrow(SealError);
    await cutReader.close();
  });
});
