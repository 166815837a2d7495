import sharp from 'sharp';
import { type DocumentKind, documentKind } from './document-kind.ts';

/** Pages of a document that become items of a batch; more of them are no scan of cards. */
export const MAX_DOCUMENT_PAGES = 500;

/** As {@link documentKind}, and `tiff` for a TIFF of several pages, for which the whole file is needed. */
export async function findDocument(bytes: Uint8Array): Promise<DocumentKind | null> {
  const kind = documentKind(bytes);
  if (kind !== null) return kind;
  return (await countTiffPages(bytes)) > 1 ? 'tiff' : null;
}

/** Pages of a TIFF by its directories; 1 for everything else. Nothing is decoded. */
export async function countTiffPages(bytes: Uint8Array): Promise<number> {
  if (!isTiff(bytes)) return 1;
  return await sharp(bytes, { limitInputPixels: false, failOn: 'none' })
    .metadata()
    .then(
      ({ pages = 1 }) => pages,
      () => 1,
    );
}

/** TIFF and BigTIFF, in either order of bytes. */
export function isTiff(bytes: Uint8Array): boolean {
  const [a, b, c, d] = bytes;
  if (a === 0x49 && b === 0x49) return (c === 42 || c === 43) && d === 0;
  return a === 0x4d && b === 0x4d && c === 0 && (d === 42 || d === 43);
}
