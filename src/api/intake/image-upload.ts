import { createHash } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import type { BlobReference } from '../../contract/blob-reference.ts';
import { KtpflowError } from '../../errors.ts';
import { documentKind } from '../../media/documents/document-kind.ts';
import { countTiffPages, isTiff } from '../../media/documents/find-document.ts';
import { checkDocument } from '../../media/documents/open-document.ts';
import { probeImage } from '../../media/probe.ts';
import { readBlob } from '../../storage/blobs.ts';
import type { StoreContext } from '../context.ts';
import { uploadInterrupted } from '../http/multipart.ts';
import { wholeIfSmall } from './whole-if-small.ts';

const MEBIBYTE = 1024 * 1024;
/** Nearly every header ends within this; only a TIFF may keep its directory at the end. */
const HEAD_BYTES = 256 * 1024;
/** Less than most photos of a card have; what is no image is mostly shorter. */
const SMALL_BYTES = 8 * 1024;

export interface RecordKey {
  readonly dataKey: Uint8Array<ArrayBuffer>;
  readonly wrappedKey: Uint8Array<ArrayBuffer>;
}

export interface StoredImage {
  readonly blob: BlobReference;
  /** Hex SHA-256 of the plain bytes. */
  readonly sha256: string;
  /** Of a PDF or TIFF; 1 for every other picture. */
  readonly pages: number;
}

export function maxImageBytes(context: Pick<StoreContext, 'config'>): number {
  return context.config.MAX_IMAGE_MB * MEBIBYTE;
}

/**
 * Streams an image into the blob store and looks at its header, so that what is no image is refused before any
 * workflow starts. Nothing is left behind on failure.
 * @throws KtpflowError payload_too_large as soon as the cap is passed; invalid_image, unsupported_media_type,
 * image_too_large_pixels by the header; storage_unavailable
 */
export async function storeImage(context: StoreContext, source: Readable, key: RecordKey): Promise<StoredImage> {
  const maximum = maxImageBytes(context);
  // A form of ten thousand parts that are no image would write, flush and delete ten thousand files.
  const small = await wholeIfSmall(source, SMALL_BYTES);
  if (small && documentKind(small) === null) await probe(context, small);
  const hash = createHash('sha256');
  const head: Buffer[] = [];
  let size = 0;
  const inspect = new Transform({
    transform(bytes: Buffer, _encoding, done) {
      if (size < HEAD_BYTES) head.push(bytes);
      size += bytes.length;
      if (size > maximum) return done(imageTooLarge(context));
      hash.update(bytes);
      done(null, bytes);
    },
  });
  if (small) inspect.end(small);
  else {
    source.once('error', (error) => inspect.destroy(error));
    source.once('close', () => {
      if (!source.readableEnded) inspect.destroy(uploadInterrupted());
    });
    source.pipe(inspect);
  }
  const { blob } = await context.blobs.write(inspect, key);
  try {
    const pages = await probeHead(context, blob, Buffer.concat(head), size);
    return { blob, sha256: hash.digest('hex'), pages };
  } catch (error) {
    await discardImage(context, blob);
    throw error;
  }
}

/** Deletes an image that no extraction will use; a failure is left to the removal of what no row names. */
export async function discardImage(
  { blobs, logger }: Pick<StoreContext, 'blobs' | 'logger'>,
  blob: BlobReference,
): Promise<void> {
  await blobs.delete(blob).catch((error: unknown) => logger.warn('blob.delete.failed', { error }));
}

export function imageTooLarge(context: Pick<StoreContext, 'config'>): KtpflowError {
  return new KtpflowError(
    'payload_too_large',
    `Images must not exceed ${context.config.MAX_IMAGE_MB} MB (MAX_IMAGE_MB).`,
    {
      param: 'image',
    },
  );
}

export function missingImage(message = 'The request has no image.'): KtpflowError {
  return new KtpflowError('missing_image', message, { param: 'image' });
}

async function probe({ config }: Pick<StoreContext, 'config'>, bytes: Buffer): Promise<void> {
  await probeImage(bytes, { maxMegapixels: config.MAX_IMAGE_MEGAPIXELS });
}

/** @returns how many pages it has */
async function probeHead(context: StoreContext, blob: BlobReference, head: Buffer, size: number): Promise<number> {
  const kind = documentKind(head);
  if (kind !== null) {
    const pages = await checkDocument(kind, await readBlob(context.blobs, blob));
    return kind === 'pdf' ? pages : 1;
  }
  await probe(context, head).catch(async (error: unknown) => {
    const cut = error instanceof KtpflowError && error.code === 'invalid_image' && size > head.length;
    if (!cut) throw error;
    await probe(context, await readBlob(context.blobs, blob));
  });
  return isTiff(head) ? countTiffPages(await readBlob(context.blobs, blob)) : 1;
}
