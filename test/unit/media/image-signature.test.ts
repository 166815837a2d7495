import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blockOtherLoaders } from '../../../src/media/allowed-loaders.ts';
import { decodeImage } from '../../../src/media/decode.ts';
import { sniffImage } from '../../../src/media/image-signature.ts';

const FORMATS = ['jpeg', 'png', 'webp', 'tiff', 'gif'] as const;
const plain = () => sharp({ create: { width: 40, height: 20, channels: 3, background: 'red' } });
const svg = Buffer.from(
  '<?xml version="1.0"?><!-- a --><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
);
let avif: Buffer;

beforeAll(async () => {
  avif = await plain().avif().toBuffer();
});

describe('what a file is by its first bytes', () => {
  it.each(FORMATS)('%s is read', async (format) => {
    expect(await sniffImage(await plain().toFormat(format).toBuffer())).toBe('read');
  });

  it('a big TIFF, and one in the other order of bytes, are read', async () => {
    expect(await sniffImage(await plain().tiff({ bigtiff: true }).toBuffer())).toBe('read');
    expect(await sniffImage(Buffer.from('MM\0\x2a\0\0\0\x08', 'latin1'))).toBe('read');
  });

  it('images and documents of other kinds are known as such, everything else is no image', async () => {
    for (const bytes of [svg, avif, Buffer.from('%PDF-1.7'), Buffer.from('BM\x46\0\0\0\0\0\0\0', 'latin1')]) {
      expect(await sniffImage(bytes)).toBe('known');
    }
    for (const text of ['', 'P6\n1 1\n255\nabc', '<html><body>', '1,2\n3,4\n', 'RIFF....WAVE', '#!/bin/sh']) {
      expect(await sniffImage(Buffer.from(text)), text).toBe('none');
    }
    expect(await sniffImage(await readFile(new URL('../../../package.json', import.meta.url)))).toBe('none');
  });

  it('never fails, whatever the bytes', async () => {
    const bytes = fc.uint8Array({ maxLength: 6000 });
    await fc.assert(
      fc.asyncProperty(bytes, async (some) => {
        expect(['read', 'known', 'none']).toContain(await sniffImage(some));
      }),
    );
  });
});

describe('a process that looks at the bytes of strangers', () => {
  beforeAll(blockOtherLoaders);
  afterAll(() => sharp.unblock({ operation: ['VipsForeignLoad'] }));

  it.each(FORMATS)('has a decoder for %s', async (format) => {
    expect((await decodeImage(await plain().toFormat(format).toBuffer())).format).toBe(format);
  });

  it('has none for anything else, also where nobody has looked at the first bytes', async () => {
    await expect(sharp(svg).metadata()).rejects.toThrow('unsupported image format');
    await expect(sharp(avif).metadata()).rejects.toThrow('unsupported image format');
  });
});
