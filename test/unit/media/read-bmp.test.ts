import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBmp, readBmpHeader, readBmpPixels } from '../../../src/media/documents/read-bmp.ts';
import { type BitmapForm, makeBmp } from '../../support/bmp.ts';

const LIMIT = 10_000;

/** A depth with headers that may stand before it. */
const forms = fc
  .record({
    bits: fc.constantFrom(1 as const, 4 as const, 8 as const, 16 as const, 24 as const, 32 as const),
    headerSize: fc.constantFrom(12, 40, 56, 108, 124),
    topDown: fc.boolean(),
    masks: fc.constantFrom(null, [0xf800, 0x07e0, 0x001f] as const, [0xff000000, 0xff0000, 0xff00] as const),
    gap: fc.nat(5),
  })
  .filter(({ bits, headerSize, masks, topDown }) => {
    if (headerSize === 12 && (topDown || masks || bits === 16 || bits === 32)) return false;
    return masks === null || bits === 32 || (bits === 16 && masks[0] === 0xf800);
  });

function read(bytes: Uint8Array) {
  return readBmpPixels(bytes, readBmpHeader(bytes, LIMIT));
}

describe('a bitmap', () => {
  it('shows the pixels that were written, at any depth, with any header, from the top or the bottom', () => {
    const pictures = fc.record({ width: fc.integer({ min: 1, max: 35 }), height: fc.integer({ min: 1, max: 6 }) });
    fc.assert(
      fc.property(forms, pictures, fc.infiniteStream(fc.nat(0xffffff)), (form, { height, width }, colours) => {
        const { bytes, data } = makeBmp(form, width, height, () => colours.next().value ?? 0);
        expect(isBmp(bytes)).toBe(true);
        expect(read(bytes)).toEqual({ width, height, data });
      }),
    );
  });

  const form: BitmapForm = { bits: 24, headerSize: 40, topDown: false, masks: null, gap: 0 };
  const plain = () => Buffer.from(makeBmp(form, 3, 2, () => 0x102030).bytes);
  const changed = (at: number, value: number) => {
    const bytes = plain();
    bytes.writeInt32LE(value, at);
    return bytes;
  };

  it.each([
    ['cut in its pixels', plain().subarray(0, -4), 'damaged'],
    ['cut in its header', plain().subarray(0, 30), 'damaged'],
    ['without width', changed(18, 0), 'damaged'],
    ['whose pixels begin in its header', changed(10, 20), 'damaged'],
    ['whose pixels begin behind its end', changed(10, 0x7fffffff), 'damaged'],
    ['of run lengths', changed(30, 1), 'unsupported'],
    ['that holds a JPEG', changed(30, 4), 'unsupported'],
    ['of 2 bits', changed(28, 2), 'unsupported'],
    ['of more pixels than may be', changed(22, -5000), 'too_large'],
  ])('%s is refused', (_, bytes, fault) => {
    expect(() => read(bytes)).toThrow(expect.objectContaining({ fault }));
  });

  it('of any bytes is read or refused, and nothing else', () => {
    const noise = fc.tuple(fc.uint8Array({ minLength: 60, maxLength: 200 }), fc.nat(60)).map(([bytes, keep]) => {
      return Buffer.concat([plain().subarray(0, keep), bytes]);
    });
    fc.assert(
      fc.property(noise, (bytes) => {
        try {
          expect(read(bytes).data.length).toBeGreaterThan(0);
        } catch (error) {
          expect(['damaged', 'unsupported', 'too_large']).toContain((error as { fault?: unknown }).fault);
        }
      }),
    );
  });

  it('is not every text that begins with BM', () => {
    expect(isBmp(Buffer.from('BMW, Ford, Toyota and others'))).toBe(false);
    expect(isBmp(Buffer.from('BM'))).toBe(false);
  });
});
