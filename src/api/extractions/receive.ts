import { Readable } from 'node:stream';
import type { Request } from 'express';
import { mediaUrl } from '../../chat/media-url.ts';
import { KtpflowError } from '../../errors.ts';
import { decodeBase64, decodeDataUrl } from '../../media/data-url.ts';
import { fetchGuarded } from '../../media/fetch-guarded.ts';
import type { Requester } from '../access/access-log.ts';
import type { Caller } from '../access/caller.ts';
import type { ReceiveContext } from '../context.ts';
import { invalidValue } from '../http/errors.ts';
import { receiveForm } from '../http/multipart.ts';
import { requestHash } from '../intake/idempotency.ts';
import { fileInForm, openImageFile } from '../intake/image-file.ts';
import {
  discardImage,
  imageTooLarge,
  maxImageBytes,
  missingImage,
  type RecordKey,
  type StoredImage,
  storeImage,
} from '../intake/image-upload.ts';
import { parseJsonField } from '../intake/json-field.ts';
import { instead, refuseUnknownFields } from '../intake/unknown-field.ts';
import { checkWebhook } from '../intake/webhook-target.ts';
import { type ExtractionOptions, OPTION_NAMES, optionsSchema, toExtractionOptions } from './options.ts';
import { type CreateBody, createBodySchema } from './request-schema.ts';

/** An extraction as it was asked for: its image in the blob store, its options checked. */
export interface ReceivedExtraction {
  readonly key: RecordKey;
  readonly image: StoredImage;
  readonly options: ExtractionOptions;
  /** What the image is, to know a repeat by: its digest, or its URL. */
  readonly imageKey: string;
}

const TEXT_FIELDS = ['options'];
const FIELDS = ['image', ...TEXT_FIELDS];

/**
 * multipart/form-data with the file `image` and, in any order, the field `options` holding JSON.
 * @param otherFields whether fields of other names are refused or left out
 * @param check throws for options that the caller's route does not have
 */
export async function receiveMultipart(
  context: ReceiveContext,
  request: Request,
  otherFields: 'refuse' | 'ignore',
  check: (options: ExtractionOptions) => void = () => undefined,
): Promise<ReceivedExtraction> {
  const key = context.keyring.createDataKey();
  const {
    file: image,
    fields,
    otherFiles,
  } = await receiveForm(request, {
    fileField: 'image',
    textFields: TEXT_FIELDS,
    maxFileBytes: maxImageBytes(context),
    store: (file) => storeImage(context, file, key),
    discard: ({ blob }) => discardImage(context, blob),
    tooLarge: () => imageTooLarge(context),
  });
  if (!image) {
    if (fields.has('file_id')) throw fileInForm('file_id');
    const came = fields.has('image') ? '; "image" came as text' : instead([...otherFiles, ...fields.keys()]);
    throw missingImage(`Send the image as the file "image" of the form${came}.`);
  }
  try {
    if (otherFields === 'refuse') refuseUnknownFields([...otherFiles, ...fields.keys()], FIELDS, OPTION_NAMES);
    const options = toExtractionOptions(parseJsonField(fields, 'options', optionsSchema), context.config);
    check(options);
    await checkWebhook(context, options.webhook, 'options.webhook');
    return { key, image, options, imageKey: image.sha256 };
  } catch (error) {
    await discardImage(context, image.blob);
    throw error;
  }
}

/** An extraction as a JSON body asks for it, its image still to be had. */
export interface AskedExtraction {
  readonly body: CreateBody;
  readonly options: ExtractionOptions;
  /** What the image is, to know a repeat by; undefined: only its bytes tell. */
  readonly imageKey: string | undefined;
}

/** A JSON body with `image_url`, `image_base64` or `file_id`. @throws KtpflowError */
export function readJson({ config }: Pick<ReceiveContext, 'config'>, body: unknown): AskedExtraction {
  const parsed = createBodySchema.safeParse(body);
  if (!parsed.success) throw invalidValue(parsed.error);
  const given = sourcesOf(parsed.data);
  const names = Object.keys(body as object);
  if (given.length === 0) {
    throw missingImage(`The body has no image_url, no image_base64 and no file_id${instead(names)}.`);
  }
  refuseUnknownFields(names, Object.keys(createBodySchema.shape), OPTION_NAMES);
  const options = toExtractionOptions(parsed.data.options, config);
  if (given.length > 1) throw new KtpflowError('invalid_value', 'Send only one image.', { param: 'image_url' });
  return { body: parsed.data, options, imageKey: imageKeyOf(parsed.data) };
}

/** The URL may be gone, and the file deleted, when the same is asked for again. */
function imageKeyOf(body: CreateBody): string | undefined {
  if (body.file_id !== undefined && body.file_id !== null) return `file ${body.file_id}`;
  const url = urlOf(body);
  return url === undefined || isDataUrl(url) ? undefined : `url ${url}`;
}

/** Has the image: first what costs nothing, since a bad option must not cause a fetch. @throws KtpflowError */
export async function receiveAsked(
  context: ReceiveContext,
  reader: Requester,
  { body, imageKey, options }: AskedExtraction,
): Promise<ReceivedExtraction> {
  await checkWebhook(context, options.webhook, 'options.webhook');
  const key = context.keyring.createDataKey();
  const image = await storeBodyImage(context, reader, body, key);
  return { key, image, options, imageKey: imageKey ?? image.sha256 };
}

/** HMAC of what was asked for, as repeats are compared by. */
export function hashReceived(
  { keyring }: Pick<ReceiveContext, 'keyring'>,
  caller: Caller,
  { imageKey, options }: Pick<ReceivedExtraction, 'imageKey' | 'options'>,
): string {
  return requestHash(keyring, caller, [imageKey, options]);
}

function urlOf({ image_url }: CreateBody): string | undefined {
  return (typeof image_url === 'object' ? image_url?.url : image_url) ?? undefined;
}

function sourcesOf(body: CreateBody): string[] {
  return [urlOf(body), body.image_base64, body.file_id].filter((image) => image !== undefined && image !== null);
}

function isDataUrl(text: string): boolean {
  return /^data:/i.test(text);
}

async function storeBodyImage(
  context: ReceiveContext,
  reader: Requester,
  body: CreateBody,
  key: RecordKey,
): Promise<StoredImage> {
  const url = urlOf(body);
  const fileId = body.file_id ?? undefined;
  if (fileId !== undefined) return storeImage(context, await openImageFile(context, reader, fileId), key);
  const maximum = maxImageBytes(context);
  const store = (bytes: Buffer) => storeImage(context, Readable.from(bytes), key);
  const text = mediaUrl(sourcesOf(body)[0] ?? '');
  if (isDataUrl(text)) return store(decodeDataUrl(text, maximum));
  if (url === undefined) return store(decodeBase64(text, maximum));

  const { config } = context;
  const { bytes } = await fetchGuarded(text, {
    maxBytes: maximum,
    timeoutMs: config.FETCH_TIMEOUT_SECONDS * 1000,
    allowPrivate: config.ALLOW_PRIVATE_URLS,
  });
  return store(bytes).catch((error: unknown) => {
    if (!(error instanceof KtpflowError) || error.code !== 'invalid_image') throw error;
    throw new KtpflowError('image_fetch_failed', 'The URL does not point to an image.', { param: 'image_url' });
  });
}
