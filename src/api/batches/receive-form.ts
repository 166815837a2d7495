import type { Request } from 'express';
import { listArchiveEntries } from '../../batch/archive/list-entries.ts';
import type { BatchPriority } from '../../contract/batch-workflow.ts';
import type { BlobReference } from '../../contract/blob-reference.ts';
import { KtpflowError } from '../../errors.ts';
import type { ReceiveContext, StoreContext } from '../context.ts';
import { metadataSchema, OPTION_NAMES, toExtractionOptions } from '../extractions/options.ts';
import { invalidValue } from '../http/errors.ts';
import { type FilePart, readForm, takeUnlessEmpty } from '../http/multipart.ts';
import { fileInForm } from '../intake/image-file.ts';
import { discardImage, maxImageBytes } from '../intake/image-upload.ts';
import { parseJsonField } from '../intake/json-field.ts';
import { instead, refuseUnknownFields } from '../intake/unknown-field.ts';
import { webhookSchema } from '../intake/webhook-target.ts';
import { type NewItem, newItem, newItemWithImage } from './new-item.ts';
import { receiveWebhook } from './receive-webhook.ts';
import type { ReceivedBatch } from './received-batch.ts';
import { batchOptionsSchema, labelsSchema, prioritySchema, sealedSchema } from './request-schema.ts';

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
 * multipart/form-data with many files `images`, or one ZIP file `archive`; fields `options`, `metadata`, `webhook`,
 * `priority`, `sealed` and `items` (labels of the images, in their order) hold JSON and may stand anywhere. Everything
 * streams to the blob store.
 * @param known the fields that the form may have
 */
export async function receiveBatchForm(
  context: ReceiveContext,
  request: Request,
  known: readonly string[] = FIELDS,
): Promise<ReceivedBatch> {
  const maxUploadBytes = context.config.MAX_UPLOAD_MB * MEBIBYTE;
  const key = context.keyring.createDataKey();
  const images: Promise<NewItem | undefined>[] = [];
  const blobs: BlobReference[] = [];
  const archives: Promise<BlobReference | undefined>[] = [];
  /** What was sent, once it is known to be more than an input in which nothing was chosen. */
  let sent: 'images' | 'archive' | undefined;
  const otherFiles: string[] = [];
  let storing = 0;
  let proceed = (): void => {};

  const takeImage = async (file: FilePart, name: string | null): Promise<NewItem> => {
    if (sent === 'archive') throw imagesOrArchive();
    sent = 'images';
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
    if (sent !== undefined) throw imagesOrArchive();
    sent = 'archive';
    const { blob } = await context.blobs.write(file, key);
    blobs.push(blob);
    if (file.truncated) throw uploadTooLarge(context);
    return blob;
  };

  try {
    const fields = await readForm(request, {
      maxBodyBytes: maxUploadBytes + OVERHEAD_BYTES,
      maxFileBytes: maxUploadBytes,
      textFields: TEXT_FIELDS,
      maxFieldBytes: MAX_FIELD_BYTES,
      maxFiles: context.config.MAX_BATCH_ITEMS,
      tooLarge: () => uploadTooLarge(context),
      ready: async () => {
        while (storing > MAX_STORING) await new Promise<void>((resolve) => (proceed = resolve));
      },
      onFile: (field, file, fileName) => {
        const name = fileName ? fileName.slice(0, MAX_NAME_LENGTH) : null;
        if (IMAGES_FIELD.test(field)) {
          const take = () => takeImage(file, name);
          const image = name === null ? takeUnlessEmpty(file, take) : take();
          images.push(image);
          return image;
        }
        if (field === 'archive' && known.includes(field)) {
          const take = () => takeArchive(file);
          const archive = name === null ? takeUnlessEmpty(file, take) : take();
          archives.push(archive);
          return archive;
        }
        otherFiles.push(field);
        file.resume();
        return undefined;
      },
    });
    const archiveBlob = (await Promise.all(archives)).find((blob) => blob !== undefined) ?? null;
    const items = (await Promise.all(images)).filter((item) => item !== undefined);
    const options = toExtractionOptions(parseJsonField(fields, 'options', batchOptionsSchema), context.config);
    const metadata = parseJsonField(fields, 'metadata', metadataSchema);
    const names = [...otherFiles, ...fields.keys()];
    if (archiveBlob === null && items.length === 0) throw missingImages(fields, names, known);
    refuseUnknownFields(names, known, OPTION_NAMES);
    const webhook = await receiveWebhook(context, parseJsonField(fields, 'webhook', webhookSchema));
    const priority = priorityOf(fields);
    const sealed = sealedOf(fields);
    const whole = { key, options, metadata, webhook, priority, sealed };
    if (archiveBlob !== null) {
      const { entries, skipped } = await listEntries(context, archiveBlob);
      const unread = entries.map(({ name, place, refusal }) => newItem(context, { name, entry: place, refusal }));
      return { ...whole, source: 'archive', archive: archiveBlob, items: unread, skipped };
    }
    label(items, parseJsonField(fields, 'items', labelsSchema));
    return { ...whole, source: 'images', archive: null, items, skipped: 0 };
  } catch (error) {
    await Promise.allSettled([...images, ...archives]);
    await Promise.all(blobs.map((blob) => discardImage(context, blob)));
    throw error;
  }
}

const MAX_NAME_LENGTH = 1024;
const TEXT_FIELDS = ['options', 'metadata', 'items', 'webhook', 'priority', 'sealed'];
const FIELDS = ['images', 'archive', ...TEXT_FIELDS];
/** Of a form that adds images to a batch. */
export const ADDITION_FIELDS = ['images', 'items'];
/** Also as PHP and many form libraries name a list. */
const IMAGES_FIELD = /^images(\[\d{0,6}\])?$/;

async function listEntries(context: StoreContext, blob: BlobReference) {
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
    throw new KtpflowError('invalid_value', 'Must contain one entry per image.', { param: 'items' });
  }
  for (const [index, item] of items.entries()) {
    item.customId = labels[index]?.custom_id ?? null;
    item.metadata = labels[index]?.metadata ?? null;
  }
}

/** `high`, or its JSON. */
function priorityOf(fields: ReadonlyMap<string, string>): BatchPriority {
  const text = fields
    .get('priority')
    ?.trim()
    .replace(/^"(.*)"$/, '$1');
  const parsed = prioritySchema.safeParse(text || 'normal');
  if (!parsed.success) throw invalidValue(parsed.error, ['priority']);
  return parsed.data;
}

/** As JSON, or as programs write yes and no in a form: Python's `True`, a box that is ticked. */
function sealedOf(fields: ReadonlyMap<string, string>): boolean {
  const text = fields.get('sealed')?.trim().toLowerCase() ?? '';
  if (['1', 'on', 'yes'].includes(text)) return true;
  if (['0', 'off', 'no'].includes(text)) return false;
  return parseJsonField(new Map([['sealed', text]]), 'sealed', sealedSchema) ?? true;
}

function missingImages(
  fields: ReadonlyMap<string, string>,
  names: readonly string[],
  known: readonly string[],
): KtpflowError {
  for (const field of ['input_file_id', 'file_id']) if (fields.has(field)) return fileInForm(field);
  const asText = ['images', 'archive'].find((field) => fields.has(field));
  const came = asText ? `; "${asText}" came as text` : instead(names);
  const wanted = known.includes('archive') ? 'files as "images", or one as "archive",' : 'files as "images"';
  const message = `Send ${wanted} of the form${came}.`;
  return new KtpflowError('missing_image', message, { param: 'images' });
}

function imagesOrArchive(): KtpflowError {
  return new KtpflowError('invalid_value', 'Send either images or one archive.', { param: 'archive' });
}

function uploadTooLarge({ config }: Pick<StoreContext, 'config'>): KtpflowError {
  return new KtpflowError('payload_too_large', `Uploads must not exceed ${config.MAX_UPLOAD_MB} MB (MAX_UPLOAD_MB).`);
}
