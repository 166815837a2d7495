import sharp from 'sharp';

/** Room around a line of print, as a share of its height. */
const MARGIN = 0.45;
/** A line of print is shown so high at most, in pixels. */
const MAX_HEIGHT = 160;
const QUALITY = 88;

/**
 * Cuts a field out of a picture that this platform has encoded itself.
 * @param box left, top, right, bottom in 0-1 of the picture
 * @returns JPEG
 */
export async function cropPicture(
  picture: Uint8Array,
  [left, top, right, bottom]: readonly [number, number, number, number],
): Promise<Buffer> {
  const { height = 1, width = 1 } = await sharp(picture).metadata();
  const room = (bottom - top) * height * MARGIN;
  const x = clamp(Math.floor(left * width - room), width - 1);
  const y = clamp(Math.floor(top * height - room), height - 1);
  const region = {
    left: x,
    top: y,
    width: Math.max(1, Math.min(width - x, Math.ceil((right - left) * width + 2 * room))),
    height: Math.max(1, Math.min(height - y, Math.ceil((bottom - top) * height + 2 * room))),
  };
  return sharp(picture)
    .extract(region)
    .resize({ height: Math.min(MAX_HEIGHT, Math.max(region.height, MAX_HEIGHT / 2)) })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}

function clamp(value: number, highest: number): number {
  return Math.min(highest, Math.max(0, value));
}
