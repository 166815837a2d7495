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

/** Names of formats as people know them, by file-type's endings; others are called by their ending. */
const NAMES: Readonly<Record<string, string>> = {
  jp2: 'JPEG 2000',
  jpx: 'JPEG 2000',
  jpm: 'JPEG 2000',
  mj2: 'JPEG 2000',
  j2c: 'JPEG 2000',
  jxl: 'JPEG XL',
  jxr: 'JPEG XR',
  psd: 'Photoshop (PSD)',
  heic: 'HEIC of this kind',
  avif: 'AVIF of this kind',
  bmp: 'BMP of this kind',
};
/** Kinds of Targa pictures: with a palette, in colours, grey; the same with run lengths. */
const TARGA_KINDS: ReadonlySet<number> = new Set([1, 2, 3, 9, 10, 11]);
const TARGA_DEPTHS: ReadonlySet<number> = new Set([8, 15, 16, 24, 32]);
const TARGA_HEADER = 18;

/** What a file is by its first bytes. */
export type Signature =
  | { readonly kind: 'read' | 'none' }
  /** An image or document of a kind that is not read by libvips here, with its name for people. */
  | { readonly kind: 'known'; readonly name: string };

/**
 * Tells by its first bytes, before any decoder sees it, what a file is: an image of a kind that is read, one of a kind
 * that is not (JPEG 2000, SVG, PSD and so on), or no image at all.
 */
export async function sniffImage(bytes: Uint8Array): Promise<Signature> {
  if (READ.some((signature) => signature.every((byte, index) => byte === null || bytes[index] === byte))) {
    return { kind: 'read' };
  }
  const name = await nameOf(bytes.subarray(0, SAMPLE_BYTES));
  return name === null ? { kind: 'none' } : { kind: 'known', name };
}

async function nameOf(sample: Uint8Array): Promise<string | null> {
  const text = new TextDecoder('latin1').decode(sample);
  if (isSvg(text)) return 'SVG';
  if (isNetpbm(text)) return 'Netpbm (PBM, PGM, PPM)';
  if (sample[0] === 0xff && sample[1] === 0x4f && sample[2] === 0xff && sample[3] === 0x51) return 'JPEG 2000';
  // A file that ends in mid-header is none that could be read.
  const type = await fileTypeFromBuffer(sample).catch(() => undefined);
  if (type?.mime.startsWith('image/') || type?.ext === 'pdf') return NAMES[type.ext] ?? type.ext.toUpperCase();
  return type === undefined && isTarga(sample) ? 'Targa (TGA)' : null;
}

function isSvg(text: string): boolean {
  return (
    text
      .replace(/^\xef\xbb\xbf/, '')
      .trimStart()
      .startsWith('<') && /<svg[\s>/]/i.test(text)
  );
}

/** `P1` to `P6` with a size, or `P7` with its fields; comments may stand between. */
function isNetpbm(text: string): boolean {
  return /^P(?:[1-6]\s+(?:#[^\n]*\n\s*)*\d+\s+(?:#[^\n]*\n\s*)*\d+\s|7\s+(?:#[^\n]*\n\s*)*WIDTH\s)/.test(text);
}

/** A format without a mark of its own: every field of its header has to make sense. */
function isTarga(bytes: Uint8Array): boolean {
  if (bytes.length < TARGA_HEADER) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, TARGA_HEADER);
  const palette = view.getUint8(1);
  const kind = view.getUint8(2);
  if (!TARGA_KINDS.has(kind) || palette !== (kind === 1 || kind === 9 ? 1 : 0)) return false;
  if (palette === 0 && (view.getUint32(3, true) !== 0 || view.getUint8(7) !== 0)) return false;
  const [width, height, depth] = [view.getUint16(12, true), view.getUint16(14, true), view.getUint8(16)];
  return width > 0 && height > 0 && TARGA_DEPTHS.has(depth) && (view.getUint8(17) & 0xc0) === 0;
}

function ascii(text: string): (number | null)[] {
  return [...text].map((character) => (character === '?' ? null : character.charCodeAt(0)));
}
