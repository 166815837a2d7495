import sharp from 'sharp';
import { KtpflowError } from '../../errors.ts';
import { MAX_IMAGE_PIXELS, probeImage } from '../../media/probe.ts';

export interface FittedImage {
  readonly mimeType: string;
  readonly bytes: Uint8Array;
  /** Pixels, upright. */
  readonly width: number;
  readonly height: number;
}

/** Up to this size a drawing stays a PNG; a photo that was stored as one becomes a JPEG. */
const MAX_PNG_BYTES = 1_500_000;
const LOSSLESS = new Set(['png', 'gif']);

/**
 * A picture as a model takes it: upright (EXIF), sRGB, transparency over white, at most `maxPixels`, without any
 * metadata, as JPEG or PNG. Whatever was hidden in the file is gone, since every pixel is written anew.
 * @throws KtpflowError as probeImage; invalid_image where no pixel can be decoded
 */
export async function fitImage(bytes: Uint8Array, { maxPixels }: { maxPixels: number }): Promise<FittedImage> {
  const header = await probeImage(bytes);
  const turned = header.orientation >= 5;
  const size = { width: turned ? header.height : header.width, height: turned ? header.width : header.height };
  const scale = Math.min(1, Math.sqrt(maxPixels / (size.width * size.height)));
  const width = Math.max(1, Math.floor(size.width * scale));
  const height = Math.max(1, Math.floor(size.height * scale));
  const encode = async (failOn: 'error' | 'none') => {
    const picture = sharp(bytes, { limitInputPixels: MAX_IMAGE_PIXELS, failOn, pages: 1 })
      .autoOrient()
      .resize({ width, height, fit: 'fill' })
      .flatten({ background: 'white' })
      .toColourspace('srgb');
    if (LOSSLESS.has(header.format)) {
      const png = await picture.clone().png().toBuffer();
      if (png.length <= MAX_PNG_BYTES) return { mimeType: 'image/png', bytes: png };
    }
    // Without chroma subsampling, which blurs small coloured print.
    return {
      mimeType: 'image/jpeg',
      bytes: await picture.jpeg({ quality: 92, chromaSubsampling: '4:4:4' }).toBuffer(),
    };
  };
  const encoded = await encode('error')
    .catch(() => encode('none'))
    .catch((cause: unknown) => {
      throw new KtpflowError('invalid_image', 'The image is damaged: none of its pixels can be decoded.', { cause });
    });
  return { ...encoded, width, height };
}
