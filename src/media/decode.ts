import sharp, { type Sharp } from 'sharp';
import { KtpflowError } from '../errors.ts';
import { behindBlanks } from './behind-blanks.ts';
import { orientRaster, type PixelBox, seenSize, storedBox } from './orientation.ts';
import { type ImageFormat, type ImageHeader, MAX_IMAGE_PIXELS, probeImage } from './probe.ts';
import type { Raster } from './raster.ts';
import { countSoundRows } from './sound-rows.ts';

export interface DecodedImage {
  /** The picture as it is meant to be seen (EXIF orientation applied), of at most `maxPixels`. */
  readonly raster: Raster;
  readonly format: ImageFormat;
  /** Pixels of the original per pixel of the raster in one direction, 1 or more. */
  readonly reduction: number;
  /** Whether the file ended early or was damaged. Rows that were not decoded are blank, where the decoder tells them. */
  readonly partial: boolean;
  /** A part of the picture (pixels of the raster) at the original's own scale, or reduced to `maxPixels`. */
  decodeRegion(box: PixelBox): Promise<Raster>;
}

/** A card over the whole frame has about 30 pixels per millimetre then: more brings nothing but work. */
const DEFAULT_MAX_PIXELS = 2560 * 1920;
/** Colour of rows that could not be decoded: no print can be seen in it. */
const BLANK = 128;
/** What libjpeg warns of where the picture's own data are damaged; other warnings (profiles) say nothing of pixels. */
const DAMAGE = /corrupt jpeg|premature end|bad huffman|unsupported marker/i;

/**
 * Decodes JPEG, PNG, WebP, TIFF and the first frame of a GIF to RGB: any colour space (CMYK, grey, palettes, 16 bits),
 * transparency over white. JPEGs are shrunk while they are decoded, so that a phone's 108 megapixels cost little.
 * @throws KtpflowError as probeImage, and quality_rejected where the header is fine but no pixel can be decoded.
 */
export async function decodeImage(
  file: Uint8Array,
  { maxPixels = DEFAULT_MAX_PIXELS }: { maxPixels?: number } = {},
): Promise<DecodedImage> {
  const bytes = behindBlanks(file);
  const header = await probeImage(bytes);
  const scale = Math.min(1, Math.sqrt(maxPixels / (header.width * header.height)));
  const size = { width: scaled(header.width, scale), height: scaled(header.height, scale) };
  const { raster, partial } = await decodeStored(bytes, header, size);
  const reduction = Math.max(1, header.width / raster.width);
  return {
    raster: orientRaster(raster, header.orientation),
    format: header.format,
    reduction,
    partial,
    decodeRegion: (box) => decodeRegion(bytes, header, enlarge(box, reduction, header), maxPixels),
  };
}

/** The picture as it is stored, at a size. */
async function decodeStored(
  bytes: Uint8Array,
  header: ImageHeader,
  size: { width: number; height: number },
): Promise<{ raster: Raster; partial: boolean }> {
  const { damaged, raster } = await toRaster(open(bytes, 'warning').resize({ ...size, fit: 'fill' })).then(
    (decoded) => ({ damaged: false, raster: decoded }),
    (error: unknown) => ({ damaged: DAMAGE.test(String(error)), raster: undefined }),
  );
  if (raster) return { raster, partial: false };
  const whole = await toRaster(open(bytes, 'error').resize({ ...size, fit: 'fill' })).catch(() => undefined);
  if (whole) return { raster: whole, partial: damaged };
  try {
    return { raster: await decodeSound(bytes, header, size), partial: true };
  } catch (cause) {
    throw new KtpflowError('quality_rejected', 'The image is damaged: none of its pixels can be decoded.', { cause });
  }
}

/** What can be decoded of a broken file, the rest blank. */
async function decodeSound(
  bytes: Uint8Array,
  header: ImageHeader,
  size: { width: number; height: number },
): Promise<Raster> {
  const rows = await countSoundRows(bytes, header.width, header.height);
  const height = Math.floor((rows * size.height) / header.height);
  // A decoder that has nothing but the whole picture (progressive, interlaced) leaves no copies behind.
  if (height < 1) return toRaster(open(bytes, 'none').resize({ ...size, fit: 'fill' }));
  const top = await toRaster(
    open(bytes, 'error')
      .extract({ left: 0, top: 0, width: header.width, height: rows })
      .resize({ width: size.width, height, fit: 'fill' }),
  );
  const data = new Uint8Array(size.width * size.height * 3).fill(BLANK);
  data.set(top.data);
  return { ...size, data };
}

async function decodeRegion(bytes: Uint8Array, header: ImageHeader, box: PixelBox, maxPixels: number): Promise<Raster> {
  const stored = storedBox(box, header, header.orientation);
  const scale = Math.min(1, Math.sqrt(maxPixels / (stored.width * stored.height)));
  const raster = await toRaster(
    open(bytes, 'none')
      .extract(stored)
      .resize({ width: scaled(stored.width, scale), height: scaled(stored.height, scale), fit: 'fill' }),
  );
  return orientRaster(raster, header.orientation);
}

/** A box of the raster in pixels of the original as it is seen, inside of it. */
function enlarge(box: PixelBox, reduction: number, header: ImageHeader): PixelBox {
  const { width, height } = seenSize(header, header.orientation);
  const left = Math.min(width - 1, Math.max(0, Math.floor(box.left * reduction)));
  const top = Math.min(height - 1, Math.max(0, Math.floor(box.top * reduction)));
  const right = Math.min(width, Math.max(left + 1, Math.ceil((box.left + box.width) * reduction)));
  const bottom = Math.min(height, Math.max(top + 1, Math.ceil((box.top + box.height) * reduction)));
  return { left, top, width: right - left, height: bottom - top };
}

function open(bytes: Uint8Array, failOn: 'warning' | 'error' | 'none'): Sharp {
  return sharp(bytes, { limitInputPixels: MAX_IMAGE_PIXELS, failOn, pages: 1 });
}

async function toRaster(image: Sharp): Promise<Raster> {
  const { data, info } = await image
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: toRgb(data, info.channels) };
}

function scaled(pixels: number, scale: number): number {
  return Math.max(1, Math.round(pixels * scale));
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
