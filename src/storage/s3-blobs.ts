import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  type MultipartUpload,
  paginateListObjectsV2,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { BlobReference } from '../contract/blob-reference.ts';
import { type Keyring, SealError } from '../encryption/keyring.ts';
import { createDecryptor, LAYOUT } from '../encryption/stream-cipher.ts';
import { KtpflowError } from '../errors.ts';
import { type BlobHeader, blobHeader, MAX_HEADER_BYTES, parseBlobHeader } from './blob-header.ts';
import type { BlobReader, BlobStore } from './blobs.ts';
import { ChunkReader } from './chunk-reader.ts';
import { sealedBlob } from './sealed-blob.ts';

const REFERENCE = /^[0-9a-f]{32}$/;
const CONNECT_TIMEOUT_MS = 5_000;
/** Of a request without progress. */
const SOCKET_TIMEOUT_MS = 30_000;
const MAX_ATTEMPTS = 4;
/** S3's least part; an upload holds two of them at most. */
const PART_BYTES = 8 * 1024 * 1024;

export interface S3Location {
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
}

/** @param url `s3://bucket` or `s3://bucket/prefix` */
export function parseS3Url(url: string): S3Location {
  const { host, pathname } = new URL(url);
  return { bucket: host, prefix: pathname.replace(/^\/+|\/+$/g, '') };
}

/**
 * Blobs as objects PREFIX/ab/abcdef… of a bucket, in the very bytes of {@link FileBlobStore}. Credentials and region are
 * the SDK's (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, …). Nothing is listed but by the removal of orphans;
 * what expires is ours to tell, so the bucket needs no lifecycle rule.
 */
export class S3BlobStore implements BlobStore {
  readonly #client: S3Client;
  readonly #location: S3Location;
  readonly #keyring: Keyring;

  constructor(location: S3Location, keyring: Keyring, endpoint?: string) {
    this.#location = location;
    this.#keyring = keyring;
    this.#client = new S3Client({
      maxAttempts: MAX_ATTEMPTS,
      requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SOCKET_TIMEOUT_MS },
      // Our content is authenticated chunk by chunk; servers other than AWS do not know the newer checksums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // Such servers need no region, the SDK does.
      ...(process.env.AWS_REGION === undefined && endpoint !== undefined && { region: 'us-east-1' }),
      ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    });
  }

  close(): void {
    this.#client.destroy();
  }

  async write(
    source: Readable,
    key: { dataKey: Uint8Array; wrappedKey: Uint8Array },
  ): Promise<{ blob: BlobReference; size: number }> {
    const blob = randomBytes(16).toString('hex');
    let size = 0;
    const counted = (bytes: Buffer): void => {
      size += bytes.length;
    };
    const upload = new Upload({
      client: this.#client,
      // Read to its end, or ended with the upload: a source that fails makes the upload fail, and abort its parts.
      params: { ...this.#object(blob), Body: Readable.from(sealedBlob(source, key, counted)) },
      partSize: PART_BYTES,
      queueSize: 1,
    });
    try {
      await upload.done();
    } catch (error) {
      throw asStorageError(error);
    }
    return { blob, size };
  }

  async read(blob: BlobReference): Promise<Readable> {
    const object = await this.#get(blob);
    try {
      const header = await takeHeader(object);
      const decryptor = createDecryptor(this.#keyring.unwrapDataKey(header.wrappedKey));
      object.on('error', (error) => decryptor.destroy(asStorageError(error) as Error));
      decryptor.on('close', () => object.destroy());
      return object.pipe(decryptor);
    } catch (error) {
      object.destroy();
      throw asStorageError(error);
    }
  }

  async open(blob: BlobReference): Promise<BlobReader> {
    const { bytes, size } = await this.#head(blob);
    const header = requireHeader(bytes);
    const first = header.length + LAYOUT.prefixBytes;
    const prefix = bytes.subarray(header.length, first);
    const readSealed = async (offset: number, length: number): Promise<Buffer> => {
      const start = first + offset;
      return collect(await this.#get(blob, `bytes=${start}-${start + length - 1}`));
    };
    const dataKey = this.#keyring.unwrapDataKey(header.wrappedKey);
    return new ChunkReader(dataKey, prefix, size - first, readSealed, async () => undefined);
  }

  async wrappedKey(blob: BlobReference): Promise<Uint8Array> {
    return requireHeader((await this.#head(blob)).bytes).wrappedKey;
  }

  async rewrap(blob: BlobReference): Promise<boolean> {
    if (!this.#keyring.rewrapDataKey(await this.wrappedKey(blob))) return false;
    const object = await this.#get(blob);
    try {
      const wrappedKey = this.#keyring.rewrapDataKey((await takeHeader(object)).wrappedKey);
      if (!wrappedKey) return false;
      const Body = Readable.from(withHeader(wrappedKey, object));
      const params = { ...this.#object(blob), Body };
      await new Upload({ client: this.#client, params, partSize: PART_BYTES, queueSize: 1 }).done();
      return true;
    } catch (error) {
      throw asStorageError(error);
    } finally {
      object.destroy();
    }
  }

  async delete(blob: BlobReference): Promise<void> {
    await this.#send(() => this.#client.send(new DeleteObjectCommand(this.#object(blob))));
  }

  async *listOlderThan(time: Date, after?: BlobReference): AsyncIterable<BlobReference> {
    await this.#abortUploadsOlderThan(time);
    const listed = { ...this.#listed(), ...(after !== undefined && { StartAfter: this.#object(after).Key }) };
    try {
      for await (const page of paginateListObjectsV2({ client: this.#client }, listed)) {
        for (const { Key = '', LastModified } of page.Contents ?? []) {
          const blob = this.#blobOf(Key);
          if (blob !== undefined && LastModified && LastModified < time) yield blob;
        }
      }
    } catch (error) {
      throw asStorageError(error);
    }
  }

  async check(): Promise<void> {
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: this.#location.bucket }));
    } catch (error) {
      // A bucket that is not there is no image that is gone.
      throw unavailable(error);
    }
  }

  /** What an upload that died left behind is no object yet, and nobody will finish it. */
  async #abortUploadsOlderThan(time: Date): Promise<void> {
    const { bucket } = this.#location;
    for await (const { Initiated, Key, UploadId } of this.#listUploads()) {
      // Others may keep their objects in the same bucket, and their uploads are theirs to end.
      if (!Key || this.#blobOf(Key) === undefined || !UploadId || !Initiated || Initiated >= time) continue;
      await this.#send(() =>
        this.#client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId })),
      ).catch((error: unknown) => {
        if (!(error instanceof KtpflowError) || error.code !== 'not_found') throw error;
      });
    }
  }

  async *#listUploads(): AsyncGenerator<MultipartUpload, void> {
    let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
    do {
      const page = await this.#client
        .send(new ListMultipartUploadsCommand({ ...this.#listed(), ...markers }))
        .catch((error: unknown) => {
          // Some servers keep no uploads to list.
          if (error instanceof S3ServiceException && error.name === 'NotImplemented') return undefined;
          throw asStorageError(error);
        });
      yield* page?.Uploads ?? [];
      markers = page?.IsTruncated ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : {};
    } while (markers.KeyMarker);
  }

  #listed(): { Bucket: string; Prefix?: string } {
    const { bucket, prefix } = this.#location;
    // With the slash: `ktp` would be the beginning of `ktp-archive/…`, too.
    return { Bucket: bucket, ...(prefix !== '' && { Prefix: `${prefix}/` }) };
  }

  /** The first bytes of an object, more than its header has, and its whole size. */
  async #head(blob: BlobReference): Promise<{ bytes: Buffer; size: number }> {
    const answer = await this.#send(() =>
      this.#client.send(new GetObjectCommand({ ...this.#object(blob), Range: `bytes=0-${MAX_HEADER_BYTES - 1}` })),
    );
    const bytes = await collect(bodyOf(answer.Body));
    const size = Number(/\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1] ?? bytes.length);
    return { bytes, size };
  }

  async #get(blob: BlobReference, range?: string): Promise<Readable> {
    const answer = await this.#send(() =>
      this.#client.send(new GetObjectCommand({ ...this.#object(blob), ...(range && { Range: range }) })),
    );
    return bodyOf(answer.Body);
  }

  async #send<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    try {
      return await request();
    } catch (error) {
      throw asStorageError(error);
    }
  }

  /** The blob that is kept under that key; undefined for an object that is not ours. */
  #blobOf(key: string): BlobReference | undefined {
    const blob = key.slice(key.lastIndexOf('/') + 1);
    return REFERENCE.test(blob) && this.#object(blob).Key === key ? blob : undefined;
  }

  #object(blob: BlobReference): { Bucket: string; Key: string } {
    if (!REFERENCE.test(blob)) throw new KtpflowError('internal', 'A blob reference has an unknown form.');
    const { bucket, prefix } = this.#location;
    return { Bucket: bucket, Key: [prefix, blob.slice(0, 2), blob].filter((part) => part !== '').join('/') };
  }
}

async function* withHeader(wrappedKey: Uint8Array, content: Readable): AsyncGenerator<Buffer> {
  yield blobHeader(wrappedKey);
  for await (const bytes of content) yield bytes as Buffer;
}

/** Takes the header off the beginning of a stream. */
async function takeHeader(object: Readable): Promise<BlobHeader> {
  let head = Buffer.alloc(0);
  for await (const bytes of object.iterator({ destroyOnReturn: false })) {
    head = Buffer.concat([head, bytes as Buffer]);
    const header = parseBlobHeader(head);
    if (!header) continue;
    object.unshift(head.subarray(header.length));
    return header;
  }
  return requireHeader(head);
}

function requireHeader(bytes: Buffer): BlobHeader {
  const header = parseBlobHeader(bytes);
  if (!header) throw new SealError('the blob was cut');
  return header;
}

function bodyOf(body: unknown): Readable {
  if (body instanceof Readable) return body;
  throw new KtpflowError('internal', 'The blob store answered without content.');
}

async function collect(stream: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  try {
    for await (const part of stream) parts.push(part as Buffer);
  } catch (error) {
    throw asStorageError(error);
  }
  return Buffer.concat(parts);
}

/**
 * Everything that the store or the way to it does wrong is worth a repeat once somebody has mended it: time-outs,
 * refused connections, 5xx, wrong credentials, a missing bucket.
 */
function asStorageError(error: unknown): unknown {
  if (error instanceof KtpflowError) return error;
  const gone = error instanceof S3ServiceException && GONE.has(error.name);
  if (gone) return new KtpflowError('not_found', 'The stored image is gone.', { cause: error });
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const network = error instanceof Error && (NETWORK_FAULTS.has(code) || error.name === 'TimeoutError');
  if (!(error instanceof S3ServiceException) && !network) return error;
  return unavailable(error);
}

function unavailable(cause: unknown): KtpflowError {
  return new KtpflowError('storage_unavailable', 'The blob store cannot be used right now.', {
    cause,
    retryAfterSeconds: 10,
  });
}

const GONE = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload']);
const NETWORK_FAULTS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]);
