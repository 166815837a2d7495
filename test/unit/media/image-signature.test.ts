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
/** A TIFF whose only tag is the one in which DNG says its version. */
function rawTiff(): Buffer {
  return Buffer.from(`49492a0008000000${'0100'}12c6${'0100'}04000000${'01040000'}00000000`, 'hex');
}
let avif: Buffer;

beforeAll(async () => {
  avif = await plain().avif().toBuffer();
});

describe('what a file is by its first bytes', () => {
  it.each(FORMATS)('%s is read', async (format) => {
    expect(await sniffImage(await plain().toFormat(format).toBuffer())).toEqual({ kind: 'read' });
  });

  it('a big TIFF, and one in the other order of bytes, are read', async () => {
    expect(await sniffImage(await plain().tiff({ bigtiff: true }).toBuffer())).toEqual({ kind: 'read' });
    expect(await sniffImage(Buffer.from('MM\0\x2a\0\0\0\x08', 'latin1'))).toEqual({ kind: 'read' });
  });

  it.each([
    ['SVG', svg],
    ['SVG', Buffer.concat([Buffer.from('\ufeff'), svg])],
    ['PDF', Buffer.from('%PDF-1.7')],
    ['BMP of this kind', Buffer.from('BM\x46\0\0\0\0\0\0\0', 'latin1')],
    ['JPEG 2000', Buffer.from('0000000c6a5020200d0a870a00000014667479706a703220', 'hex')],
    ['JPEG 2000', Buffer.from('ff4fff51002f0000', 'hex')],
    ['JPEG XL', Buffer.from('0000000c4a584c200d0a870a', 'hex')],
    ['Photoshop (PSD)', Buffer.from('384250530001000000000000', 'hex')],
    ['ICO', Buffer.from('000001000100101000000100', 'hex')],
    ['Netpbm (PBM, PGM, PPM)', Buffer.from('P6\n1 1\n255\nabc')],
    ['Netpbm (PBM, PGM, PPM)', Buffer.from('P5 # made by a scanner\n640 480 255 ')],
    ['Netpbm (PBM, PGM, PPM)', Buffer.from('P7\nWIDTH 4\nHEIGHT 4\n')],
    ['GIMP (XCF)', Buffer.from('gimp xcf v011')],
    ['OpenEXR', Buffer.from('762f310102000000', 'hex')],
    ['EMF', Buffer.concat([Buffer.from('0100000058000000', 'hex'), Buffer.alloc(32), Buffer.from(' EMF')])],
    ['PostScript (PS, EPS)', Buffer.from('%!PS-Adobe-3.0 EPSF-3.0\n')],
    ['PCX', Buffer.from('0a050108000000003f01c700', 'hex')],
    ['DICOM', Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')])],
    ['DNG', rawTiff()],
    ['Targa (TGA)', Buffer.from(`00000a0000000000000000000004${'0003'}1820${'00'.repeat(9)}`, 'hex')],
  ])('%s is known by its name', async (name, bytes) => {
    expect(await sniffImage(bytes)).toEqual({ kind: 'known', name });
  });

  it('everything else is no image', async () => {
    expect(await sniffImage(avif)).toMatchObject({ kind: 'known' });
    for (const text of ['', 'P1 is a model', 'P6', '1,2\n3,4\n', '#!/bin/sh']) {
      expect(await sniffImage(Buffer.from(text)), text).toEqual({ kind: 'none' });
    }
    const zeros = Buffer.alloc(5000);
    expect(await sniffImage(zeros)).toEqual({ kind: 'none' });
  });

  it.each([
    ['a ZIP archive', Buffer.from('504b0304140000000800', 'hex')],
    ['a RAR archive', Buffer.from('526172211a0701003392b5e5', 'hex')],
    ['a video', Buffer.from('00000018667479706d70343200000000', 'hex')],
    ['a web page', Buffer.from('\r\n<!DOCTYPE html><html>')],
    ['JSON', Buffer.from('\n{"error":"expired"}')],
    ['a file in base64', Buffer.from('data:image/png;base64,iVBORw0KGgo=')],
    ['a file in base64', Buffer.from('/9j/4AAQSkZJRg==')],
  ])('%s is said to be one, which is no image', async (name, bytes) => {
    expect(await sniffImage(bytes)).toEqual({ kind: 'none', name });
  });

  it('never fails, whatever the bytes', async () => {
    const bytes = fc.uint8Array({ maxLength: 6000 });
    await fc.assert(
      fc.asyncProperty(bytes, async (some) => {
        expect(['read', 'known', 'none']).toContain((await sniffImage(some)).kind);
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
