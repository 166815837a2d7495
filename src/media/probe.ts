import sharp from 'sharp';
import { KtpflowError } from '../errors.ts';
import { behindBlanks } from './behind-blanks.ts';
import { documentKind } from './documents/document-kind.ts';
import { sniffImage } from './image-signature.ts';

/** Pixels that a picture may have at most, whatever is configured: a small file can otherwise unpack to gigabytes. */
export const MAX_IMAGE_PIXELS = 200_000_000;

export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'tiff' | 'gif';

export interface ImageHeader {
  readonly format: ImageFormat;
  /** Size in pixels as stored, before the EXIF orientation is applied; of the first frame or page. */
  readonly width: number;
  readonly height: number;
  /** EXIF orientation 1-8. */
  readonly orientation: number;
}

const FORMATS: ReadonlySet<string> = new Set<ImageFormat>(['jpeg', 'png', 'webp', 'tiff', 'gif']);

/**
 * Reads an image's header, and nothing of its pixels: cheap enough for the API to answer at once.
 * @throws KtpflowError invalid_image (no image, or no decodable header), unsupported_media_type (SVG, JPEG 2000 and
 * other formats that are known but not read, and documents), image_too_large_pixels.
 */
export async function probeImage(
  file: Uint8Array,
  { maxMegapixels = MAX_IMAGE_PIXELS / 1e6 }: { maxMegapixels?: number } = {},
): Promise<ImageHeader> {
  if (file.length === 0) throw new KtpflowError('invalid_image', 'The image is empty.');
  const bytes = behindBlanks(file);
  // What is opened page by page is no picture for libvips: see documents/.
  if (documentKind(bytes) !== null) throw notSupported('This kind of document');
  // By its first bytes, before a decoder sees it.
  const signature = await sniffImage(bytes);
  if (signature.kind === 'known') throw notSupported(signature.name);
  if (signature.kind === 'none') {
    const { name } = signature;
    throw new KtpflowError('invalid_image', name ? `The file is ${name}, not an image.` : 'The file is not an image.');
  }
  const metadata = await sharp(bytes, { limitInputPixels: false, failOn: 'none' })
    .metadata()
    .catch((cause: unknown) => {
      throw new KtpflowError('invalid_image', 'The header of the image cannot be decoded.', { cause });
    });
  const { format, width, height, orientation } = metadata;
  if (!isSupported(format)) throw notSupported('This kind of image');
  const frameHeight = metadata.pageHeight ?? height;
  if (!width || !frameHeight) throw new KtpflowError('invalid_image', 'The image has no pixels.');
  if (width * frameHeight > maxMegapixels * 1e6) {
    throw new KtpflowError('image_too_large_pixels', `Images must not exceed ${maxMegapixels} megapixels.`);
  }
  return { format, width, height: frameHeight, orientation: orientation ?? 1 };
}

function notSupported(name: string): KtpflowError {
  return new KtpflowError(
    'unsupported_media_type',
    `${name} is not supported. Supported are JPEG, PNG, WebP, TIFF, GIF, HEIC, AVIF, BMP and PDF.`,
  );
}

function isSupported(format: string | undefined): format is ImageFormat {
  return format !== undefined && FORMATS.has(format);
}
