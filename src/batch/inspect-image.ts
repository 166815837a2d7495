import { KtpflowError } from '../errors.ts';
import { documentKind } from '../media/documents/document-kind.ts';
import { checkDocument } from '../media/documents/open-document.ts';
import { probeImage } from '../media/probe.ts';
import { archiveKind } from './archive/document-kind.ts';

export interface ImageLimits {
  readonly maxBytes: number;
  readonly maxMegapixels: number;
}

/**
 * Looks at an item's header before it is stored: what is no picture takes no place on the disk and no time of inference.
 * @throws KtpflowError invalid_image, unsupported_media_type, image_too_large_pixels, payload_too_large
 */
export async function inspectImage(bytes: Uint8Array, { maxBytes, maxMegapixels }: ImageLimits): Promise<void> {
  if (bytes.length > maxBytes) {
    const megabytes = Math.floor(maxBytes / 1024 / 1024);
    throw new KtpflowError('payload_too_large', `Images must not exceed ${megabytes} MB.`);
  }
  const kind = archiveKind(bytes);
  if (kind !== null) throw new KtpflowError('unsupported_media_type', `The item is ${kind}, not an image.`);
  const document = documentKind(bytes);
  await (document === null ? probeImage(bytes, { maxMegapixels }) : checkDocument(document, bytes));
}
