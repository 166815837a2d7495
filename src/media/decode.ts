import sharp from 'sharp';
import { KtpflowError } from '../errors.ts';
import { type ImageFormat, MAX_IMAGE_PIXELS, probeImage } from './probe.ts';
import type { Raster } from './raster.ts';

export interface DecodedImage {
  /** The picture as it is meant to be seen (EXIF orientation applied), at most `maxSide` pixels long. */
  readonly raster: Raster;
  readonly format: ImageFormat;
  /** Pixels of the original per pixel of the raster, 1 or more. */
  readonly reduction: number;
  /** Whether the file ended early or was damaged: the rest of the raster is empty. */
  readonly partial: boolean;
}

/** A card over the whole frame has about 30 pixels per millimetre then: more brings nothing but work. */
const DEFAULT_MAX_SIDE = 2560;

/**
 * Decodes JPEG, PNG, WebP, TIFF and the first frame of a GIF to RGB: any colour space (CMYK, grey, palettes, 16 bits),
 * transparency over white. JPEGs are shrunk while they are decoded.
 * @throws KtpflowError as probeImage, and quality_rejected where the header is fine but no pixel can be decoded.
 */
export async function decodeImage(
  bytes: Uint8Array,
  { maxSide = DEFAULT_MAX_SIDE }: { maxSide?: number } = {},
): Promise<DecodedImage> {
  const header = await probeImage(bytes);
  const decode = (failOn: 'error' | 'none') =>
    sharp(bytes, { limitInputPixels: MAX_IMAGE_PIXELS, failOn, pages: 1 })
      .autoOrient()
      .resize({ width: maxSide, height: maxSide, fit: 'inside', withoutEnlargement: true })
      .flatten({ background: 'white' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
  let partial = false;
  const { data, info } = await decode('error')
    .catch(() => {
      partial = true;
      return decode('none');
    })
    .catch((cause: unknown) => {
      throw new KtpflowError('quality_rejected', 'The image is damaged: none of its pixels can be decoded.', { cause });
    });
  const raster = { width: info.width, height: info.height, data: toRgb(data, info.channels) };
  const reduction = Math.max(header.width, header.height) / Math.max(info.width, info.height);
  return { raster, format: header.format, reduction: Math.max(1, reduction), partial };
}

/** libvips leaves grey pictures with one channel. */
function toRgb(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return data;
  const pixels = data.length / channels;
  const rgb = new Uint8Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      rgb[pixel * 3 + channel] = data[pixel * channels + (channels > 2 ? channel : 0)] ?? 0;
    }
  }
  return rgb;
}
