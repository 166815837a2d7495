export interface BitmapForm {
  readonly bits: 1 | 4 | 8 | 16 | 24 | 32;
  /** 12 (OS/2), 40, 56, 108 or 124. */
  readonly headerSize: number;
  readonly topDown: boolean;
  /** Bits of red, green and blue where they are not the usual ones. */
  readonly masks: readonly [number, number, number] | null;
  /** Bytes between palette and pixels. */
  readonly gap: number;
}

/** A bitmap as Windows and OS/2 programs write it, and its pixels as they must be read: the top row first, RGB. */
export function makeBmp(
  { bits, gap, headerSize, masks, topDown }: BitmapForm,
  width: number,
  height: number,
  colour: () => number,
): { bytes: Buffer; data: Uint8Array } {
  const old = headerSize === 12;
  const header = Buffer.alloc(14 + headerSize + (masks && headerSize === 40 ? 12 : 0));
  const palette = bits <= 8 ? Array.from({ length: 2 ** bits }, colour) : [];
  const entries = Buffer.concat(palette.map((rgb) => Buffer.from([...channels(rgb).reverse(), ...(old ? [] : [0])])));
  const stride = Math.ceil((width * bits) / 32) * 4;
  const pixels = Buffer.alloc(stride * height);
  header.write('BM');
  header.writeUInt32LE(header.length + entries.length + gap, 10);
  header.writeUInt32LE(headerSize, 14);
  if (old) {
    for (const [index, value] of [width, height, 1, bits].entries()) header.writeUInt16LE(value, 18 + index * 2);
  } else {
    header.writeInt32LE(width, 18);
    header.writeInt32LE(topDown ? -height : height, 22);
    header.writeUInt16LE(1, 26);
    header.writeUInt16LE(bits, 28);
    header.writeUInt32LE(masks ? 3 : 0, 30);
    for (const [index, mask] of (masks ?? []).entries()) header.writeUInt32LE(mask, 54 + index * 4);
  }
  const used = masks ?? (bits === 16 ? ([0x7c00, 0x03e0, 0x1f] as const) : ([0xff0000, 0xff00, 0xff] as const));
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const row = stride * (topDown ? y : height - 1 - y);
    for (let x = 0; x < width; x++) {
      const rgb = colour();
      if (palette.length > 0) {
        const index = rgb % palette.length;
        const at = row + Math.floor((x * bits) / 8);
        pixels[at] = (pixels[at] ?? 0) | (index << (8 - bits - ((x * bits) % 8)));
        data.set(channels(palette[index] ?? 0), (y * width + x) * 3);
      } else if (bits === 24) {
        pixels.set(channels(rgb).reverse(), row + x * 3);
        data.set(channels(rgb), (y * width + x) * 3);
      } else {
        const parts = used.map((mask, channel) => spread(channels(rgb)[channel] ?? 0, mask));
        const value = parts.reduce((sum, { packed }) => sum + packed, 0);
        if (bits === 16) pixels.writeUInt16LE(value, row + x * 2);
        else pixels.writeUInt32LE(value, row + x * 4);
        data.set(
          parts.map(({ shown }) => shown),
          (y * width + x) * 3,
        );
      }
    }
  }
  return { bytes: Buffer.concat([header, entries, Buffer.alloc(gap), pixels]), data };
}

/** A channel's value in the bits of its mask, and what it is read as. */
function spread(value: number, mask: number): { packed: number; shown: number } {
  const lowest = 2 ** [...mask.toString(2)].reverse().indexOf('1');
  const highest = mask / lowest;
  const level = Math.floor((value * highest) / 255);
  return { packed: level * lowest, shown: Math.round((level * 255) / highest) };
}

function channels(rgb: number): [number, number, number] {
  return [(rgb >> 16) & 0xff, (rgb >> 8) & 0xff, rgb & 0xff];
}
