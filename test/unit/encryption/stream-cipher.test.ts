import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { SealError } from '../../../src/encryption/keyring.ts';
import { createDecryptor, StreamEncryptor } from '../../../src/encryption/stream-cipher.ts';

const CHUNK = 64 * 1024;
const dataKey = randomBytes(32);
const encrypt = async (plain: Buffer, pieces = 10_000) => {
  const encryptor = new StreamEncryptor(dataKey);
  const sealed: Buffer[] = [];
  for await (const piece of inPieces(plain, pieces)) sealed.push(...encryptor.update(piece));
  return Buffer.concat([...sealed, ...encryptor.final()]);
};
const decrypt = (sealed: Buffer, key: Buffer = dataKey) => {
  const decryptor = createDecryptor(key);
  return buffer(inPieces(sealed, 1_000).pipe(decryptor));
};

function inPieces(bytes: Buffer, size: number): Readable {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return Readable.from(pieces);
}

describe('stream cipher', () => {
  it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17])(
    'gives back %i bytes as they were',
    async (n) => {
      const plain = randomBytes(n);
      expect((await decrypt(await encrypt(plain))).equals(plain)).toBe(true);
    },
  );

  it('refuses a blob that was cut at a chunk border', async () => {
    const sealed = await encrypt(randomBytes(3 * CHUNK));
    await expect(decrypt(sealed.subarray(0, 7 + 2 * (CHUNK + 16)))).rejects.toThrow(SealError);
    await expect(decrypt(sealed.subarray(0, 3))).rejects.toThrow(SealError);
  });

  it('refuses a changed byte, swapped chunks and another key', async () => {
    const sealed = await encrypt(randomBytes(3 * CHUNK));
    const changed = Buffer.from(sealed);
    changed[100_000] = (changed[100_000] ?? 0) ^ 1;
    await expect(decrypt(changed)).rejects.toThrow(SealError);
    const [first, second] = [sealed.subarray(7, 7 + CHUNK + 16), sealed.subarray(7 + CHUNK + 16, 7 + 2 * (CHUNK + 16))];
    const swapped = Buffer.concat([sealed.subarray(0, 7), second, first, sealed.subarray(7 + 2 * (CHUNK + 16))]);
    await expect(decrypt(swapped)).rejects.toThrow(SealError);
    await expect(decrypt(sealed, randomBytes(32))).rejects.toThrow(SealError);
  });
});
