import { fileTypeFromBuffer } from 'file-type';

/** Enough for every format that is told by its beginning, as file-type's own sample. */
const SAMPLE_BYTES = 4100;

/** First bytes of the formats that are read; `null` stands for any byte. */
const READ: readonly (readonly (number | null)[])[] = [
  [0xff, 0xd8, 0xff],
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  ascii('RIFF????WEBP'),
  ascii('GIF8'),
  // TIFF and BigTIFF, in either order of bytes.
  [...ascii('II'), 42, 0],
  [...ascii('II'), 43, 0],
  [...ascii('MM'), 0, 42],
  [...ascii('MM'), 0, 43],
];

/**
 * Tells by its first bytes, before any decoder sees it, what a file is: an image of a kind that is read, one of a kind
 * that is not (HEIC, PDF, SVG, BMP and so on), or no image at all.
 */
export async function sniffImage(bytes: Uint8Array): Promise<'read' | 'known' | 'none'> {
  if (READ.some((signature) => signature.every((byte, index) => byte === null || bytes[index] === byte))) return 'read';
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  if (isSvg(new TextDecoder().decode(sample))) return 'known';
  // A file that ends in mid-header is none that could be read.
  const type = await fileTypeFromBuffer(sample).catch(() => undefined);
  return type?.mime.startsWith('image/') || type?.ext === 'pdf' ? 'known' : 'none';
}

function isSvg(text: string): boolean {
  return text.trimStart().startsWith('<') && /<svg[\s>/]/i.test(text);
}

function ascii(text: string): (number | null)[] {
  return [...text].map((character) => (character === '?' ? null : character.charCodeAt(0)));
}
