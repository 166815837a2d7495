import type { Request } from 'express';
import { mediaUrl } from '../../chat/media-url.ts';
import { KtpflowError } from '../../errors.ts';
import { decodeBase64, decodeDataUrl } from '../../media/data-url.ts';
import type { Requester } from '../access/access-log.ts';
import type { ReceiveContext, StoreContext } from '../context.ts';
import { OPTION_NAMES, toExtractionOptions } from '../extractions/options.ts';
import { invalidValue } from '../http/errors.ts';
import { openImageFile } from '../intake/image-file.ts';
import { discardImage, maxImageBytes } from '../intake/image-upload.ts';
import { instead, refuseUnknownFields } from '../intake/unknown-field.ts';
import { itemsOfFile } from './items-file.ts';
import { type NewItem, newItem, newItemWithImage } from './new-item.ts';
import { ADDITION_FIELDS, receiveBatchForm } from './receive-form.ts';
import { receiveWebhook } from './receive-webhook.ts';
import type { ReceivedBatch } from './received-batch.ts';
import { addItemsSchema, createBatchSchema, type NewItemBody } from './request-schema.ts';

/**
 * What is handed in as items of a batch that is there: images or items, nothing else.
 * @throws KtpflowError as receiveBatch
 */
export function receiveAddition(context: ReceiveContext, reader: Requester, request: Request): Promise<ReceivedBatch> {
  if (request.is('multipart/form-data')) return receiveBatchForm(context, request, ADDITION_FIELDS);
  const names = Object.keys((request.body ?? {}) as object);
  refuseUnknownFields(names, Object.keys(addItemsSchema.shape), OPTION_NAMES);
  return receiveJson(context, reader, request.body);
}

/** @throws KtpflowError for what is wrong with the batch as a whole; nothing is left behind then */
export function receiveBatch(context: ReceiveContext, reader: Requester, request: Request): Promise<ReceivedBatch> {
  if (request.is('multipart/form-data')) return receiveBatchForm(context, request);
  return receiveJson(context, reader, request.body);
}

/** Deletes everything that was stored of a batch which will not be. */
export async function discardBatch(
  context: Pick<StoreContext, 'blobs' | 'logger'>,
  { archive, items }: ReceivedBatch,
): Promise<void> {
  const blobs = [archive, ...items.map((item) => item.blob)].filter((blob) => blob !== null);
  await Promise.all(blobs.map((blob) => discardImage(context, blob)));
}

async function receiveJson(context: ReceiveContext, reader: Requester, body: unknown): Promise<ReceivedBatch> {
  const parsed = createBatchSchema.safeParse(body);
  if (!parsed.success) throw invalidValue(parsed.error);
  const { input_file_id, items: bodies, metadata, options, priority, sealed, webhook } = parsed.data;
  const fileId = input_file_id ?? null;
  if (fileId !== null && bodies) {
    throw new KtpflowError('invalid_value', 'Send items or a file of them.', { param: 'input_file_id' });
  }
  const names = Object.keys(body as object);
  if (fileId === null && !bodies) {
    const message = `The body has no items and no input_file_id${instead(names)}.`;
    throw new KtpflowError('missing_image', message, { param: 'items' });
  }
  refuseUnknownFields(names, Object.keys(createBatchSchema.shape), OPTION_NAMES);
  // First what costs nothing: a bad item must not cause images to be stored.
  checkCount(context, bodies?.length ?? 0);
  bodies?.forEach(checkSource);
  const checked = toExtractionOptions(options, context.config);
  const target = await receiveWebhook(context, webhook);
  const items: NewItem[] = [];
  try {
    for await (const body of fileId === null ? (bodies ?? []) : itemsOfFile(context, reader, fileId)) {
      checkCount(context, items.length + 1);
      checkSource(body, items.length);
      items.push(await receiveItem(context, reader, body, items.length));
    }
    if (items.length === 0) {
      throw new KtpflowError('missing_image', 'The file holds no items.', { param: 'input_file_id' });
    }
  } catch (error) {
    await Promise.all(items.map(({ blob }) => blob !== null && discardImage(context, blob)));
    throw error;
  }
  const key = context.keyring.createDataKey();
  return {
    source: 'items',
    key,
    archive: null,
    items,
    skipped: 0,
    options: checked,
    metadata: metadata ?? null,
    webhook: target,
    priority: priority ?? 'normal',
    sealed: sealed ?? true,
  };
}

function checkCount({ config }: Pick<StoreContext, 'config'>, items: number): void {
  if (items <= config.MAX_BATCH_ITEMS) return;
  const message = `Batches must not exceed ${config.MAX_BATCH_ITEMS} items (MAX_BATCH_ITEMS).`;
  throw new KtpflowError('invalid_value', message, { param: 'items' });
}

function checkSource(item: NewItemBody, index: number): void {
  const sources = [item.image_url, item.image_base64, item.file_id].filter(
    (source) => source !== undefined && source !== null,
  );
  if (sources.length === 1) return;
  const message = sources.length === 0 ? 'The item has no image.' : 'Send only one image per item.';
  throw new KtpflowError('invalid_value', message, { param: `items.${index}.image_url` });
}

async function receiveItem(
  context: ReceiveContext,
  reader: Requester,
  body: NewItemBody,
  index: number,
): Promise<NewItem> {
  const label = { name: body.name ?? null, customId: body.custom_id ?? null, metadata: body.metadata ?? null };
  const url = typeof body.image_url === 'object' ? body.image_url?.url : body.image_url;
  if (body.file_id !== undefined && body.file_id !== null) {
    const file = await openImageFile(context, reader, body.file_id, `items.${index}.file_id`);
    return newItemWithImage(context, label, () => file);
  }
  const maximum = maxImageBytes(context);
  const text = mediaUrl(url ?? body.image_base64 ?? '');
  if (/^data:/i.test(text)) return newItemWithImage(context, label, () => decodeDataUrl(text, maximum));
  if (url === undefined || url === null) return newItemWithImage(context, label, () => decodeBase64(text, maximum));
  return newItem(context, { ...label, imageUrl: text });
}
