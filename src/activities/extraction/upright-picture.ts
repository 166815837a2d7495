import { Readable } from 'node:stream';
import sharp from 'sharp';
import type { BlobReference } from '../../contract/blob-reference.ts';
import type { BlobStore } from '../../storage/blobs.ts';

/** Print of a card that fills the picture stays legible; a person's screen shows no more. */
const LONGEST_EDGE = 2200;
const QUALITY = 82;

/**
 * Keeps a picture as it was read, upright, for a person to look at: what a browser is shown later was decoded and encoded
 * here, where strangers' pictures are decoded anyway, and carries nothing of the file but its pixels.
 * @param quarterTurns clockwise, from the picture as its EXIF says to upright
 */
export async function storeUprightPicture(
  blobs: BlobStore,
  key: { readonly dataKey: Uint8Array; readonly wrappedKey: Uint8Array },
  picture: Uint8Array,
  quarterTurns: number,
): Promise<BlobReference> {
  const oriented = await sharp(picture, { failOn: 'none' }).autoOrient().toBuffer();
  const bytes = await sharp(oriented, { failOn: 'none' })
    .rotate((((quarterTurns % 4) + 4) % 4) * 90)
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .resize({ width: LONGEST_EDGE, height: LONGEST_EDGE, fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: QUALITY })
    .toBuffer();
  const { blob } = await blobs.write(Readable.from([bytes]), key);
  return blob;
}
