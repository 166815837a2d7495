import { KtpflowError } from '../errors.ts';
import { documentKind } from '../media/documents/document-kind.ts';
import { countTiffPages, MAX_DOCUMENT_PAGES } from '../media/documents/find-document.ts';
import { checkDocument } from '../media/documents/open-document.ts';
import { probeImage } from '../media/probe.ts';
import { archiveKind } from './archive/document-kind.ts';

export interface ImageLimits {
  readonly maxBytes: number;
  readonly maxMegapixels: number;
}

/**
 * Looks at an item's header before it is stored: what is no picture takes no place on the disk and no time of inference.
 * @returns how many pages it has: each becomes an item
 * @throws KtpflowError invalid_image, unsupported_media_type, image_too_large_pixels, payload_too_large
 */
export async function inspectImage(bytes: Uint8Array, { maxBytes, maxMegapixels }: ImageLimits): Promise<number> {
  if (bytes.length > maxBytes) {
    const megabytes = Math.floor(maxBytes / 1024 / 1024);
    throw new KtpflowError('payload_too_large', `Images must not exceed ${megabytes} MB.`);
  }
  const kind = archiveKind(bytes);
  if (kind !== null) throw new KtpflowError('unsupported_media_type', `The item is ${kind}, not an image.`);
  const document = documentKind(bytes);
  if (document === 'heif') {
    await checkDocument(document, bytes);
    return 1;
  }
  if (document === null) await probeImage(bytes, { maxMegapixels });
  const pages = document === null ? await countTiffPages(bytes) : await checkDocument(document, bytes);
  checkPages(pages);
  return pages;
}

/** @throws KtpflowError invalid_image for more pages than become items */
export function checkPages(pages: number): void {
  if (pages <= MAX_DOCUMENT_PAGES) return;
  throw new KtpflowError('invalid_image', `Documents must not exceed ${MAX_DOCUMENT_PAGES} pages.`);
}
