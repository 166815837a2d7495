import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BlobReference } from '../contract/blob-reference.ts';
import { type Keyring, SealError } from '../encryption/keyring.ts';
import { createDecryptor, LAYOUT } from '../encryption/stream-cipher.ts';
import { KtpflowError } from '../errors.ts';
import { blobHeader, MAX_HEADER_BYTES, parseBlobHeader } from './blob-header.ts';
import type { BlobReader, BlobStore } from './blobs.ts';
import { ChunkReader } from './chunk-reader.ts';
import { sealedBlob } from './sealed-blob.ts';

/** Less than a photo of a card takes. */
const LEAST_FREE_BYTES = 1024 * 1024;
const REFERENCE = /^[0-9a-f]{32}$/;
const FOLDER = /^(incoming|[0-9a-f]{2})$/;
/** Faults of the machine, not of the request: worth a repeat once somebody has made room. */
const STORAGE_FAULTS = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE', 'EACCES', 'EPERM', 'ENOTDIR']);

/**
 * Blobs as files: FOLDER/ab/abcdef…, each MAGIC, length and bytes of the wrapped key, encrypted content. A file under
 * its final name is always whole: it is written aside, flushed to the disk and renamed.
 */
export class FileBlobStore implements BlobStore {
  readonly #folder: string;
  readonly #keyring: Keyring;

  private constructor(folder: string, keyring: Keyring) {
    this.#folder = folder;
    this.#keyring = keyring;
  }

  static async open(folder: string, keyring: Keyring): Promise<FileBlobStore> {
    await mkdir(join(folder, 'incoming'), { recursive: true, mode: 0o700 });
    return new FileBlobStore(folder, keyring);
  }

  async write(
    source: Readable,
    key: { dataKey: Uint8Array; wrappedKey: Uint8Array },
  ): Promise<{ blob: BlobReference; size: number }> {
    const blob = randomBytes(16).toString('hex');
    const incoming = join(this.#folder, 'incoming', blob);
    let size = 0;
    const counted = (bytes: Buffer): void => {
      size += bytes.length;
    };
    // Told when it is read. One that fails while the file is being opened would be nobody's error, and end the process.
    source.on('error', () => undefined);
    try {
      await writeFile(incoming, sealedBlob(source, key, counted), { mode: 0o600, flag: 'wx', flush: true });
      const path = this.#pathOf(blob);
      const folder = dirname(path);
      const made = await mkdir(folder, { recursive: true, mode: 0o700 });
      await rename(incoming, path);
      // A name is on the disk only when its folder is: else a power cut would take an image that was acknowledged.
      await flushFolder(folder);
      if (made !== undefined) await flushFolder(this.#folder);
    } catch (error) {
      // Whoever feeds it would wait for ever.
      source.destroy();
      await rm(incoming, { force: true });
      throw asStorageError(error);
    }
    return { blob, size };
  }

  async read(blob: BlobReference): Promise<Readable> {
    const wrappedKey = await this.wrappedKey(blob);
    const start = blobHeader(wrappedKey).length;
    const decryptor = createDecryptor(this.#keyring.unwrapDataKey(wrappedKey));
    const file = createReadStream(this.#pathOf(blob), { start });
    file.on('error', (error) => decryptor.destroy(asStorageError(error) as Error));
    decryptor.on('close', () => file.destroy());
    return file.pipe(decryptor);
  }

  async open(blob: BlobReference): Promise<BlobReader> {
    const wrappedKey = await this.wrappedKey(blob);
    const dataKey = this.#keyring.unwrapDataKey(wrappedKey);
    const file = await open(this.#pathOf(blob), 'r').catch((error: unknown) => {
      throw asStorageError(error);
    });
    try {
      const prefix = Buffer.alloc(LAYOUT.prefixBytes);
      const start = blobHeader(wrappedKey).length;
      await file.read(prefix, 0, prefix.length, start);
      const sealedSize = (await file.stat()).size - start - prefix.length;
      const readSealed = async (offset: number, length: number): Promise<Buffer> => {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start + prefix.length + offset);
        return buffer.subarray(0, bytesRead);
      };
      return new ChunkReader(dataKey, prefix, sealedSize, readSealed, () => file.close());
    } catch (error) {
      await file.close();
      throw asStorageError(error);
    }
  }

  async wrappedKey(blob: BlobReference): Promise<Uint8Array> {
    try {
      await using file = await open(this.#pathOf(blob), 'r');
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_HEADER_BYTES), 0, MAX_HEADER_BYTES, 0);
      const header = parseBlobHeader(buffer.subarray(0, bytesRead));
      if (!header) throw new SealError('the blob was cut');
      return header.wrappedKey;
    } catch (error) {
      throw asStorageError(error);
    }
  }

  async rewrap(blob: BlobReference): Promise<boolean> {
    const old = await this.wrappedKey(blob);
    const wrappedKey = this.#keyring.rewrapDataKey(old);
    if (!wrappedKey) return false;
    const path = this.#pathOf(blob);
    const incoming = join(this.#folder, 'incoming', randomBytes(16).toString('hex'));
    try {
      const file = createWriteStream(incoming, { mode: 0o600, flush: true });
      file.write(blobHeader(wrappedKey));
      await pipeline(createReadStream(path, { start: blobHeader(old).length }), file);
      await rename(incoming, path);
      await flushFolder(dirname(path));
    } catch (error) {
      await rm(incoming, { force: true });
      throw asStorageError(error);
    }
    return true;
  }

  async delete(blob: BlobReference): Promise<void> {
    await rm(this.#pathOf(blob), { force: true }).catch((error: unknown) => {
      throw asStorageError(error);
    });
  }

  async *listOlderThan(time: Date, after: BlobReference = ''): AsyncIterable<BlobReference> {
    let unreadable: unknown;
    // What stands beside ours is somebody else's: a lost+found, a .DS_Store.
    const found = await readdir(this.#folder, { withFileTypes: true });
    const folders = found.filter((folder) => folder.isDirectory() && FOLDER.test(folder.name)).map(({ name }) => name);
    for (const folder of folders.sort()) {
      if (folder < after.slice(0, 2)) continue;
      try {
        yield* this.#listFolder(folder, time, after);
      } catch (error) {
        unreadable = error;
      }
    }
    // The others have been listed first: one bad folder must not keep everything else.
    if (unreadable !== undefined) throw asStorageError(unreadable);
  }

  async *#listFolder(folder: string, time: Date, after: BlobReference): AsyncIterable<BlobReference> {
    for (const name of (await readdir(join(this.#folder, folder))).sort()) {
      const isIncoming = folder === 'incoming';
      if (!REFERENCE.test(name) || (!isIncoming && name <= after)) continue;
      const path = join(this.#folder, folder, name);
      const found = await stat(path).catch(() => undefined);
      if (!found || found.mtime >= time) continue;
      // What an upload that died left aside is no blob yet, and nobody will finish it.
      if (isIncoming) await rm(path, { force: true });
      else yield name;
    }
  }

  async check(): Promise<void> {
    const probe = join(this.#folder, 'incoming', randomBytes(16).toString('hex'));
    try {
      // A write is what a read-only disk and a used-up quota refuse; it finds room on a disk that is full for images.
      await writeFile(probe, 'x', { mode: 0o600 });
      const { bavail, bsize } = await statfs(this.#folder);
      if (bavail * bsize < LEAST_FREE_BYTES) throw Object.assign(new Error('The disk is full.'), { code: 'ENOSPC' });
    } catch (error) {
      throw asStorageError(error);
    } finally {
      await rm(probe, { force: true }).catch(() => undefined);
    }
  }

  #pathOf(blob: BlobReference): string {
    if (!REFERENCE.test(blob)) throw new KtpflowError('internal', 'A blob reference has an unknown form.');
    return join(this.#folder, blob.slice(0, 2), blob);
  }
}

async function flushFolder(path: string): Promise<void> {
  // Windows opens no folder, and needs none to be flushed.
  if (process.platform === 'win32') return;
  await using folder = await open(path, 'r');
  await folder.sync();
}

function asStorageError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return new KtpflowError('not_found', 'The stored image is gone.', { cause: error });
  if (STORAGE_FAULTS.has(code)) {
    return new KtpflowError('storage_unavailable', 'The blob store cannot be used right now.', {
      cause: error,
      retryAfterSeconds: 10,
    });
  }
  return error;
}
