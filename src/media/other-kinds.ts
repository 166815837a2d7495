import type { FileTypeResult } from 'file-type';
import { archiveKind } from './archive-kind.ts';

/** Pictures and documents that are not read and that file-type does not tell: `at` is where the text stands. */
const PICTURES: readonly { readonly name: string; readonly at?: number; readonly text: string }[] = [
  { name: 'OpenEXR', text: '\x76\x2f\x31\x01' },
  { name: 'Radiance HDR', text: '#?RADIANCE' },
  { name: 'EMF', at: 40, text: ' EMF' },
  { name: 'WMF', text: '\xd7\xcd\xc6\x9a' },
  { name: 'DjVu', text: 'AT&TFORM' },
  { name: 'PostScript (PS, EPS)', text: '%!PS' },
  { name: 'PostScript (PS, EPS)', text: '\xc5\xd0\xd3\xc6' },
  { name: 'QOI', text: 'qoif' },
  { name: 'DDS', text: 'DDS ' },
  { name: 'JBIG2', text: '\x97\x4a\x42\x32\x0d\x0a\x1a\x0a' },
  { name: 'FITS', text: 'SIMPLE  =' },
  { name: 'DICOM', at: 128, text: 'DICM' },
  { name: 'ORF', text: 'IIRO' },
  { name: 'ORF', text: 'IIRS' },
  { name: 'RW2', text: 'IIU\0' },
];
/** What the first four bytes of a PCX may be: its mark, version, packing, bits a pixel. */
const PCX: readonly (readonly number[])[] = [[10], [0, 2, 3, 4, 5], [0, 1], [1, 2, 4, 8]];

/** What is no picture, by file-type's endings; Office documents are ZIP archives, too. */
const OTHERS: Readonly<Record<string, string>> = {
  docx: 'a Word document',
  xlsx: 'an Excel workbook',
  pptx: 'a PowerPoint presentation',
  epub: 'an e-book',
  rtf: 'a text document (RTF)',
};
/** How JPEG, PNG, GIF, WebP and PDF begin in base64, and a data URL. */
const BASE64 = /^(data:[\w.+-]+\/[\w.+-]+;base64,|\/9j\/|iVBORw0KGgo|R0lGOD|UklGR|JVBERi0)/;

/** A format of pictures by its own mark, as people know it; null: none of these. */
export function otherPicture(text: string): string | null {
  const found = PICTURES.find((picture) => text.startsWith(picture.text, picture.at));
  const isPcx = PCX.every((allowed, at) => allowed.includes(text.charCodeAt(at)));
  return found?.name ?? (isPcx ? 'PCX' : null);
}

/**
 * What a file is that is no picture, as the part of a sentence: `a ZIP archive`; null: nobody can say.
 * @param sample its first bytes
 * @param text the same, one character for each
 * @param type what file-type says of them
 */
export function otherFile(sample: Uint8Array, text: string, type: FileTypeResult | undefined): string | null {
  const [kind] = type?.mime.split('/') ?? [];
  if (kind === 'video') return 'a video';
  if (kind === 'audio') return 'a sound recording';
  if (type !== undefined && Object.hasOwn(OTHERS, type.ext)) return OTHERS[type.ext] ?? null;
  const archive = archiveKind(sample);
  if (archive !== null) return archive;
  const start = text.trimStart();
  if (/^(<!doctype html|<html)/i.test(start)) return 'a web page';
  if (/^[{[]\s*["{[\]}]/.test(start)) return 'JSON';
  return BASE64.test(start) ? 'a file in base64' : null;
}
