import type { Raster } from '../raster.ts';

/** Why a bitmap cannot be read. */
export type BmpFault = 'damaged' | 'unsupported' | 'too_large';

export class BmpError extends Error {
  readonly fault: BmpFault;

  constructor(fault: BmpFault) {
    super(`bitmap ${fault}`);
    this.fault = fault;
  }
}

/** A header that fits, its pixels not looked at yet. */
export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  /** The first row of the file is the top one; usually it is the bottom one. */
  readonly topDown: boolean;
  readonly bits: 1 | 4 | 8 | 16 | 24 | 32;
  /** Where the pixels begin, and how many bytes a row takes: whole words of four. */
  readonly offset: number;
  readonly stride: number;
  /** Red, green, blue of each index; null where pixels are colours themselves. */
  readonly palette: Uint8Array | null;
  /** Which bits of a pixel of 16 or 32 bits are red, green, blue. */
  readonly masks: readonly [number, number, number];
}

const FILE_HEADER = 14;
/** Headers by their size: OS/2 1 and 2, and Windows from 3.0 to version 5. */
const HEADER_SIZES: ReadonlySet<number> = new Set([12, 40, 52, 56, 64, 108, 124]);
const OS2_HEADER = 12;
const INFO_HEADER = 40;
const UNCOMPRESSED = 0;
const BIT_FIELDS: ReadonlySet<number> = new Set([3, 6]);
const BITS: ReadonlySet<number> = new Set([1, 4, 8, 16, 24, 32]);
const MASKS_16 = [0x7c00, 0x03e0, 0x001f] as const;
const MASKS_32 = [0xff0000, 0x00ff00, 0x0000ff] as const;

/** Whether it begins as a bitmap: a text may begin with "BM" too. */
export function isBmp(bytes: Uint8Array): boolean {
  if (bytes.length < FILE_HEADER + 4 || bytes[0] !== 0x42 || bytes[1] !== 0x4d) return false;
  return HEADER_SIZES.has(viewOf(bytes).getUint32(FILE_HEADER, true));
}

/**
 * Reads the header of a Windows or OS/2 bitmap (Microsoft: BITMAPFILEHEADER, BITMAPINFOHEADER to BITMAPV5HEADER).
 * @throws BmpError damaged (its pixels are not all there), unsupported (compressed, or of an unusual depth), too_large
 */
export function readBmpHeader(bytes: Uint8Array, maxPixels: number): BmpHeader {
  const view = viewOf(bytes);
  const size = bytes.length < FILE_HEADER + 4 ? 0 : view.getUint32(FILE_HEADER, true);
  if (!isBmp(bytes) || bytes.length < FILE_HEADER + size) throw new BmpError('damaged');
  const old = size === OS2_HEADER;
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = old ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(old ? 24 : 28, true);
  const compression = old ? UNCOMPRESSED : view.getUint32(30, true);
  const height = Math.abs(signedHeight);
  if (width <= 0 || height === 0) throw new BmpError('damaged');
  const masked = BIT_FIELDS.has(compression) && (bits === 16 || bits === 32);
  if (!isDepth(bits) || !(masked || compression === UNCOMPRESSED)) throw new BmpError('unsupported');
  if (width * height > maxPixels) throw new BmpError('too_large');
  // The masks are part of newer headers, and stand behind the oldest of them.
  const masksEnd = FILE_HEADER + Math.max(size, masked ? INFO_HEADER + 12 : 0);
  const offset = view.getUint32(10, true);
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (offset < masksEnd || offset + stride * (height - 1) + Math.ceil((width * bits) / 8) > bytes.length) {
    throw new BmpError('damaged');
  }
  return {
    width,
    height,
    topDown: signedHeight < 0,
    bits,
    offset,
    stride,
    palette: bits <= 8 ? readPalette(bytes.subarray(masksEnd, offset), old ? 3 : 4, 2 ** bits) : null,
    masks: masked
      ? [view.getUint32(54, true), view.getUint32(58, true), view.getUint32(62, true)]
      : bits === 16
        ? MASKS_16
        : MASKS_32,
  };
}

/** Its pixels, the top row first. Transparency is left out, as Windows does: most writers leave it zero. */
export function readBmpPixels(bytes: Uint8Array, header: BmpHeader): Raster {
  const { bits, height, offset, palette, stride, topDown, width } = header;
  const view = viewOf(bytes);
  const data = new Uint8Array(width * height * 3);
  const channels = header.masks.map(maskReader);
  for (let y = 0, at = 0; y < height; y++) {
    const row = offset + stride * (topDown ? y : height - 1 - y);
    for (let x = 0; x < width; x++, at += 3) {
      if (palette) {
        const index = (view.getUint8(row + ((x * bits) >> 3)) >> (8 - bits - ((x * bits) & 7))) & (2 ** bits - 1);
        data.set(palette.subarray(index * 3, index * 3 + 3), at);
      } else if (bits === 24) {
        data[at] = view.getUint8(row + x * 3 + 2);
        data[at + 1] = view.getUint8(row + x * 3 + 1);
        data[at + 2] = view.getUint8(row + x * 3);
      } else {
        const pixel = bits === 16 ? view.getUint16(row + x * 2, true) : view.getUint32(row + x * 4, true);
        for (const [channel, read] of channels.entries()) data[at + channel] = read(pixel);
      }
    }
  }
  return { width, height, data };
}

/** Entries are blue, green, red, and one byte more in newer headers; an index without one is black. */
function readPalette(bytes: Uint8Array, entrySize: number, count: number): Uint8Array {
  const palette = new Uint8Array(count * 3);
  const given = Math.min(count, Math.floor(bytes.length / entrySize));
  for (let index = 0; index < given; index++) {
    for (let channel = 0; channel < 3; channel++) {
      palette[index * 3 + channel] = bytes[index * entrySize + 2 - channel] ?? 0;
    }
  }
  return palette;
}

/** The bits of a mask, spread over 0-255; an empty mask is black. */
function maskReader(mask: number): (pixel: number) => number {
  const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
  const highest = mask >>> shift;
  return (pixel) => (highest === 0 ? 0 : Math.round((((pixel & mask) >>> shift) * 255) / highest));
}

function isDepth(bits: number): bits is BmpHeader['bits'] {
  return BITS.has(bits);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
