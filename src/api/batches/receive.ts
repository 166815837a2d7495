import type { Request } from 'express';
import { KtpflowError } from '../../errors.ts';
import { decodeBase64, decodeDataUrl } from '../../media/data-url.ts';
import type { RouteContext } from '../context.ts';
import { toExtractionOptions, unsupported } from '../extractions/options.ts';
import { invalidValue } from '../http/errors.ts';
import { openImageFile } from '../intake/image-file.ts';
import { discardImage, maxImageBytes } from '../intake/image-upload.ts';
import { type NewItem, newItem, newItemWithImage } from './new-item.ts';
import { receiveBatchForm } from './receive-form.ts';
import { receiveWebhook } from './receive-webhook.ts';
import type { ReceivedBatch } from './received-batch.ts';
import { createBatchSchema, type NewItemBody } from './request-schema.ts';

/** @throws KtpflowError for what is wrong with the batch as a whole; nothing is left behind then */
export function receiveBatch(context: RouteContext, tenant: string, request: Request): Promise<ReceivedBatch> {
  if (request.is('multipart/form-data')) return receiveBatchForm(context, request);
  return receiveJson(context, tenant, request.body);
}

/** Deletes everything that was stored of a batch which will not be. */
export async function discardBatch(context: RouteContext, { archive, items }: ReceivedBatch): Promise<void> {
  const blobs = [archive, ...items.map((item) => item.blob)].filter((blob) => blob !== null);
  await Promise.all(blobs.map((blob) => discardImage(context, blob)));
}

async function receiveJson(context: RouteContext, tenant: string, body: unknown): Promise<ReceivedBatch> {
  const parsed = createBatchSchema.safeParse(body);
  if (!parsed.success) throw invalidValue(parsed.error);
  const { input_file_id, items: bodies, metadata, options, webhook } = parsed.data;
  if (input_file_id !== undefined && input_file_id !== null) throw unsupported('input_file_id', 'Uploaded files');
  if (!bodies) throw new KtpflowError('missing_image', 'The request holds no items.', { param: 'items' });
  if (bodies.length > context.config.MAX_BATCH_ITEMS) {
    const message = `A batch may have at most ${context.config.MAX_BATCH_ITEMS} items.`;
    throw new KtpflowError('invalid_value', message, { param: 'items' });
  }
  bodies.forEach(checkSource);
  const checked = toExtractionOptions(options);
  const target = await receiveWebhook(context, webhook);
  const items: NewItem[] = [];
  try {
    for (const [index, item] of bodies.entries()) items.push(await receiveItem(context, tenant, item, index));
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
  };
}

function checkSource(item: NewItemBody, index: number): void {
  const sources = [item.image_url, item.image_base64, item.file_id].filter(
    (source) => source !== undefined && source !== null,
  );
  if (sources.length === 1) return;
  const message = sources.length === 0 ? 'The item has no image.' : 'Send one image an item, not several.';
  throw new KtpflowError('invalid_value', message, { param: `items.${index}.image_url` });
}

async function receiveItem(context: RouteContext, tenant: string, body: NewItemBody, index: number): Promise<NewItem> {
  const label = { name: body.name ?? null, customId: body.custom_id ?? null, metadata: body.metadata ?? null };
  const url = typeof body.image_url === 'object' ? body.image_url?.url : body.image_url;
  if (body.file_id !== undefined && body.file_id !== null) {
    const file = await openImageFile(context, tenant, body.file_id, `items.${index}.file_id`);
    return newItemWithImage(context, label, () => file);
  }
  const maximum = maxImageBytes(context);
  const text = url ?? body.image_base64 ?? '';
  if (/^data:/i.test(text)) return newItemWithImage(context, label, () => decodeDataUrl(text, maximum));
  if (url === undefined || url === null) return newItemWithImage(context, label, () => decodeBase64(text, maximum));
  return newItem(context, { ...label, imageUrl: url });
}
