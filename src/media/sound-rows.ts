import sharp from 'sharp';
import { MAX_IMAGE_PIXELS } from './probe.ts';

/**
 * How many rows of a broken file's stored picture, from the top, can be decoded without an error. Decoders hand out
 * what lies in their buffers for the others: copies of earlier rows, which would be read as print. 0 where a file is
 * decoded as a whole only (interlaced, progressive).
 */
export async function countSoundRows(bytes: Uint8Array, width: number, height: number): Promise<number> {
  let sound = 0;
  let broken = height;
  while (broken - sound > Math.max(1, height / 512)) {
    const rows = (sound + broken) >> 1;
    if (await canDecode(bytes, width, rows)) sound = rows;
    else broken = rows;
  }
  return sound;
}

function canDecode(bytes: Uint8Array, width: number, rows: number): Promise<boolean> {
  return sharp(bytes, { limitInputPixels: MAX_IMAGE_PIXELS, failOn: 'error', pages: 1 })
    .extract({ left: 0, top: 0, width, height: rows })
    .resize({
      width: Math.min(width, 16),
      height: Math.max(1, Math.round(rows / Math.ceil(width / 16))),
      fit: 'fill',
      fastShrinkOnLoad: false,
    })
    .raw()
    .toBuffer()
    .then(
      () => true,
      () => false,
    );
}
