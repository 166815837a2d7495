import type { Request } from 'express';
import { listArchiveEntries } from '../../batch/archive/list-entries.ts';
import type { BlobReference } from '../../contract/blob-reference.ts';
import { KtpflowError } from '../../errors.ts';
import type { RouteContext } from '../context.ts';
import { metadataSchema, toExtractionOptions } from '../extractions/options.ts';
import { type FilePart, readForm } from '../http/multipart.ts';
import { discardImage, maxImageBytes } from '../intake/image-upload.ts';
import { parseJsonField } from '../intake/json-field.ts';
import { webhookSchema } from '../intake/webhook-target.ts';
import { type NewItem, newItem, newItemWithImage } from './new-item.ts';
import { receiveWebhook } from './receive-webhook.ts';
import type { ReceivedBatch } from './received-batch.ts';
import { batchOptionsSchema, labelsSchema } from './request-schema.ts';

const MEBIBYTE = 1024 * 1024;
/** Room for boundaries, part headers and text fields. */
const OVERHEAD_BYTES = 64 * MEBIBYTE;
/** Labels of ten thousand images. */
const MAX_FIELD_BYTES = 16 * MEBIBYTE;
/** Images that are being stored at a time; the sender waits meanwhile. */
const MAX_STORING = 16;
/** How much an archive may unpack to, against the largest upload. Pictures hardly shrink. */
const MAX_UNPACKED_FACTOR = 4;

/**
 * multipart/form-data with many files `images`, or one ZIP file `archive`; fields `options`, `metadata` and `items`
 * (labels of the images, in their order) hold JSON and may stand anywhere. Everything streams to the blob store.
 */
export async function receiveBatchForm(context: RouteContext, request: Request): Promise<ReceivedBatch> {
  const maxUploadBytes = context.config.MAX_UPLOAD_MB * MEBIBYTE;
  const key = context.keyring.createDataKey();
  const images: Promise<NewItem>[] = [];
  const blobs: BlobReference[] = [];
  let archive: Promise<BlobReference> | undefined;
  let storing = 0;
  let proceed = (): void => {};

  const takeImage = async (file: FilePart, name: string | null): Promise<NewItem> => {
    storing++;
    try {
      const item = await newItemWithImage(context, { name }, () => file);
      if (item.blob !== null) blobs.push(item.blob);
      return item;
    } finally {
      // What a refusal left unread; the parser waits for it.
      file.resume();
      storing--;
      proceed();
    }
  };
  const takeArchive = async (file: FilePart): Promise<BlobReference> => {
    const { blob } = await context.blobs.write(file, key);
    blobs.push(blob);
    if (file.truncated) throw uploadTooLarge(context);
    return blob;
  };

  try {
    const fields = await readForm(request, {
      maxBodyBytes: maxUploadBytes + OVERHEAD_BYTES,
      maxFileBytes: maxUploadBytes,
      maxFieldBytes: MAX_FIELD_BYTES,
      maxFiles: context.config.MAX_BATCH_ITEMS,
      tooLarge: () => uploadTooLarge(context),
      ready: async () => {
        while (storing > MAX_STORING) await new Promise<void>((resolve) => (proceed = resolve));
      },
      onFile: (field, file, fileName) => {
        const name = fileName ? fileName.slice(0, MAX_NAME_LENGTH) : null;
        if (field === 'images' || field === 'images[]') {
          if (archive) throw imagesOrArchive();
          const image = takeImage(file, name);
          images.push(image);
          return image;
        }
        if (field === 'archive') {
          if (archive || images.length > 0) throw imagesOrArchive();
          archive = takeArchive(file);
          return archive;
        }
        file.resume();
        return undefined;
      },
    });
    const archiveBlob = (await archive) ?? null;
    const options = toExtractionOptions(parseJsonField(fields, 'options', batchOptionsSchema));
    const metadata = parseJsonField(fields, 'metadata', metadataSchema);
    const webhook = await receiveWebhook(context, parseJsonField(fields, 'webhook', webhookSchema));
    if (archiveBlob !== null) {
      const { entries, skipped } = await listEntries(context, archiveBlob);
      const items = entries.map(({ name, place, refusal }) => newItem(context, { name, entry: place, refusal }));
      return { source: 'archive', key, archive: archiveBlob, items, skipped, options, metadata, webhook };
    }
    if (images.length === 0) throw missingImages(fields);
    const items = await Promise.all(images);
    label(items, parseJsonField(fields, 'items', labelsSchema));
    return { source: 'images', key, archive: null, items, skipped: 0, options, metadata, webhook };
  } catch (error) {
    await Promise.allSettled([...images, archive]);
    await Promise.all(blobs.map((blob) => discardImage(context, blob)));
    throw error;
  }
}

const MAX_NAME_LENGTH = 1024;

async function listEntries(context: RouteContext, blob: BlobReference) {
  const archive = await context.blobs.open(blob);
  try {
    return await listArchiveEntries(archive, {
      maxItems: context.config.MAX_BATCH_ITEMS,
      maxEntryBytes: maxImageBytes(context),
      maxTotalBytes: context.config.MAX_UPLOAD_MB * MEBIBYTE * MAX_UNPACKED_FACTOR,
    });
  } finally {
    await archive.close();
  }
}

function label(items: readonly NewItem[], labels: ReturnType<typeof labelsSchema.parse> | null): void {
  if (labels === null) return;
  if (labels.length !== items.length) {
    throw new KtpflowError('invalid_value', 'Must hold one entry for each image.', { param: 'items' });
  }
  for (const [index, item] of items.entries()) {
    item.customId = labels[index]?.custom_id ?? null;
    item.metadata = labels[index]?.metadata ?? null;
  }
}

function missingImages(fields: ReadonlyMap<string, string>): KtpflowError {
  for (const field of ['input_file_id', 'file_id']) {
    if (fields.has(field)) {
      return new KtpflowError('unsupported', 'Files of /v1/files are named in JSON, not in a form.', { param: field });
    }
  }
  return new KtpflowError('missing_image', 'The request holds neither images nor an archive.', { param: 'images' });
}

function imagesOrArchive(): KtpflowError {
  return new KtpflowError('invalid_value', 'Send many images or one archive.', { param: 'archive' });
}

function uploadTooLarge({ config }: RouteContext): KtpflowError {
  return new KtpflowError('payload_too_large', `An upload may have at most ${config.MAX_UPLOAD_MB} MB.`);
}
