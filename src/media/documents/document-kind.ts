import { isBmp } from './read-bmp.ts';

/** What is opened page by page in a process of its own, instead of by libvips in this one. */
export type DocumentKind = 'pdf' | 'heif' | 'bmp' | 'tiff';

/** Brands of the ISO base media file format that hold HEVC or AV1 pictures. */
const HEIF_BRANDS = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1', 'avif', 'avis']);
/** A PDF's header may stand anywhere in its first KiB (ISO 32000-1, annex H). */
const PDF_HEADER_WITHIN = 1024;

/** Tells a PDF, HEIC, AVIF or BMP by its first bytes; null: something else. */
export function documentKind(bytes: Uint8Array): Exclude<DocumentKind, 'tiff'> | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, PDF_HEADER_WITHIN)).toString(
    'latin1',
  );
  if (head.slice(4, 8) === 'ftyp' && HEIF_BRANDS.has(head.slice(8, 12))) return 'heif';
  if (isBmp(bytes)) return 'bmp';
  return /(^|[\s\0]|\u00ef\u00bb\u00bf)%PDF-\d/.test(head) ? 'pdf' : null;
}
