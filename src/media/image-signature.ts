import type { FileTypeResult } from 'file-type';
import { otherFile, otherPicture } from './other-kinds.ts';

/** Enough for every format that is told by its beginning, as file-type's own sample. */
const SAMPLE_BYTES = 4100;

/** First bytes of the formats that are read; `null` stands for any byte. */
const READ: readonly (readonly (number | null)[])[] = [
  [0xff, 0xd8, 0xff],
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  ascii('RIFF????WEBP'),
  ascii('GIF8'),
];
/** TIFF and BigTIFF, in either order of bytes. */
const TIFF: typeof READ = [
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
  xcf: 'GIMP (XCF)',
};
/** Kinds of Targa pictures: with a palette, in colours, grey; the same with run lengths. */
const TARGA_KINDS: ReadonlySet<number> = new Set([1, 2, 3, 9, 10, 11]);
const TARGA_DEPTHS: ReadonlySet<number> = new Set([8, 15, 16, 24, 32]);
const TARGA_HEADER = 18;

/** Pictures of cameras that look like TIFF, and hold a thumbnail where TIFF has its picture. */
const RAW_IN_TIFF: Readonly<Record<string, string>> = { dng: 'DNG', cr2: 'CR2' };

/** What a file is by its first bytes. */
export type Signature =
  | { readonly kind: 'read' }
  /** No image; `name` is what else it is, as `a ZIP archive`, where that can be told. */
  | { readonly kind: 'none'; readonly name?: string }
  /** An image or document of a kind that is not read by libvips here, with its name for people. */
  | { readonly kind: 'known'; readonly name: string };

/**
 * Tells by its first bytes, before any decoder sees it, what a file is: an image of a kind that is read, one of a kind
 * that is not (JPEG 2000, SVG, PSD and so on), or no image at all.
 */
export async function sniffImage(bytes: Uint8Array): Promise<Signature> {
  if (READ.some((signature) => begins(bytes, signature))) return { kind: 'read' };
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  // Thirty modules, which nobody else needs: commands of the CLI start without them.
  const { fileTypeFromBuffer } = await import('file-type');
  // A file that ends in mid-header is none that could be read.
  const type = await fileTypeFromBuffer(sample).catch(() => undefined);
  if (TIFF.some((signature) => begins(bytes, signature))) {
    const raw = RAW_IN_TIFF[type?.ext ?? ''];
    return raw === undefined ? { kind: 'read' } : { kind: 'known', name: raw };
  }
  const text = new TextDecoder('latin1').decode(sample);
  const picture = pictureName(text, sample, type);
  if (picture !== null) return { kind: 'known', name: picture };
  const name = otherFile(sample, text, type);
  return name === null ? { kind: 'none' } : { kind: 'none', name };
}

function begins(bytes: Uint8Array, signature: (typeof READ)[number]): boolean {
  return signature.every((byte, index) => byte === null || bytes[index] === byte);
}

function pictureName(text: string, sample: Uint8Array, type: FileTypeResult | undefined): string | null {
  if (isSvg(text)) return 'SVG';
  if (isNetpbm(text)) return 'Netpbm (PBM, PGM, PPM)';
  if (sample[0] === 0xff && sample[1] === 0x4f && sample[2] === 0xff && sample[3] === 0x51) return 'JPEG 2000';
  if (type?.mime.startsWith('image/') || type?.ext === 'pdf') return NAMES[type.ext] ?? type.ext.toUpperCase();
  return otherPicture(text) ?? (type === undefined && isTarga(sample) ? 'Targa (TGA)' : null);
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
