import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../src/media/decode.ts';
import { probeImage } from '../../../src/media/probe.ts';

/** Left half red, right half blue, 60 x 40. */
async function picture(): Promise<Buffer> {
  const blue = await sharp({ create: { width: 30, height: 40, channels: 3, background: '#0000ff' } })
    .png()
    .toBuffer();
  return sharp({ create: { width: 60, height: 40, channels: 3, background: '#ff0000' } })
    .composite([{ input: blue, left: 30, top: 0 }])
    .png()
    .toBuffer();
}

function pixel({ raster }: Awaited<ReturnType<typeof decodeImage>>, x: number, y: number): number[] {
  const at = (y * raster.width + x) * 3;
  return [...raster.data.subarray(at, at + 3)];
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: { code: string }) => error.code,
  );
}

describe('decodeImage', () => {
  it.each(['jpeg', 'png', 'webp', 'tiff', 'gif'] as const)('decodes %s to RGB', async (format) => {
    const bytes = await sharp(await picture())
      .toFormat(format)
      .toBuffer();
    const image = await decodeImage(bytes);
    expect(image).toMatchObject({ format, partial: false, reduction: 1, raster: { width: 60, height: 40 } });
    expect(image.raster.data).toHaveLength(60 * 40 * 3);
    const [red, , blue] = pixel(image, 5, 20);
    expect(red).toBeGreaterThan(200);
    expect(blue).toBeLessThan(60);
  });

  it('reads what a script has put a line end or a byte order mark in front of', async () => {
    for (const slip of ['\r\n', '\ufeff', '\ufeff\n\n']) {
      const bytes = Buffer.concat([Buffer.from(slip), await picture()]);
      expect(await decodeImage(bytes), JSON.stringify(slip)).toMatchObject({ format: 'png', partial: false });
    }
    expect(await codeOf(decodeImage(Buffer.from(' '.repeat(300))))).toBe('invalid_image');
  });

  it('turns a CMYK JPEG into RGB', async () => {
    const bytes = await sharp(await picture())
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer();
    const image = await decodeImage(bytes);
    const [red, , blue] = pixel(image, 5, 20);
    expect(red).toBeGreaterThan(180);
    expect(blue).toBeLessThan(90);
  });

  it.each([
    ['grey', (image: Sharp) => image.grayscale().jpeg()],
    ['grey with transparency', (image: Sharp) => image.grayscale().ensureAlpha(0.5).png()],
    ['16 bits', (image: Sharp) => image.toColourspace('rgb16').png()],
    ['two colours', (image: Sharp) => image.threshold(90).png({ palette: true, colours: 2 })],
  ])('decodes a %s picture', async (_, convert) => {
    const image = await decodeImage(await convert(sharp(await picture())).toBuffer());
    expect(image.raster.data).toHaveLength(60 * 40 * 3);
  });

  it('shows what is transparent as white', async () => {
    const bytes = await sharp({ create: { width: 8, height: 8, channels: 4, background: '#00000000' } })
      .png()
      .toBuffer();
    expect(pixel(await decodeImage(bytes), 3, 3)).toEqual([255, 255, 255]);
  });

  it('turns a photo as its EXIF says', async () => {
    const bytes = await sharp(await picture())
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const image = await decodeImage(bytes);
    expect(image.raster).toMatchObject({ width: 40, height: 60 });
    expect(pixel(image, 20, 5)[0]).toBeGreaterThan(200);
  });

  it('takes the first frame of an animated GIF', async () => {
    const frames = await Promise.all(
      ['#ff0000', '#00ff00'].map((background) =>
        sharp({ create: { width: 20, height: 10, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
    const bytes = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer();
    const image = await decodeImage(bytes);
    expect(image.raster).toMatchObject({ width: 20, height: 10 });
    expect(pixel(image, 5, 5)).toEqual([255, 0, 0]);
  });

  it('reduces large pictures', async () => {
    const bytes = await sharp({ create: { width: 4000, height: 1000, channels: 3, background: '#888' } })
      .jpeg()
      .toBuffer();
    const image = await decodeImage(bytes, { maxPixels: 250_000 });
    expect(image.raster).toMatchObject({ width: 1000, height: 250 });
    expect(image.reduction).toBeCloseTo(4);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'sees EXIF orientation %i as libvips does, whole and in regions',
    async (orientation) => {
      const bytes = await sharp(await picture())
        .withMetadata({ orientation })
        .png()
        .toBuffer();
      const expected = sharp(bytes).autoOrient().flatten();
      const image = await decodeImage(bytes);
      const { data, info } = await expected.clone().raw().toBuffer({ resolveWithObject: true });
      expect(image.raster).toMatchObject({ width: info.width, height: info.height });
      expect(Buffer.compare(Buffer.from(image.raster.data), data)).toBe(0);
      const box = { left: 3, top: 21, width: 33, height: 14 };
      const cut = await sharp(data, { raw: info }).extract(box).raw().toBuffer();
      expect(Buffer.compare(Buffer.from((await image.decodeRegion(box)).data), cut)).toBe(0);
    },
  );

  it('shows a region of a reduced picture at the scale of the original', async () => {
    const bytes = await sharp(await picture())
      .resize(3000, 2000)
      .jpeg()
      .toBuffer();
    const image = await decodeImage(bytes, { maxPixels: 60_000 });
    expect(image.raster).toMatchObject({ width: 300, height: 200 });
    const region = await image.decodeRegion({ left: 100, top: 50, width: 20, height: 10 });
    expect(region).toMatchObject({ width: 200, height: 100 });
  });

  it('leaves blank what a broken-off PNG does not hold, and shows no copies of earlier rows', async () => {
    const stripes = Buffer.from(
      Array.from({ length: 300 * 400 * 3 }, (_, index) => ((index * 7919) % 251) ^ ((index >> 9) % 256)),
    );
    const bytes = await sharp(stripes, { raw: { width: 300, height: 400, channels: 3 } })
      .png()
      .toBuffer();
    const image = await decodeImage(bytes.subarray(0, Math.round(bytes.length * 0.6)));
    expect(image.partial).toBe(true);
    expect(pixel(image, 150, 100)).toEqual([...stripes.subarray((100 * 300 + 150) * 3, (100 * 300 + 150) * 3 + 3)]);
    const lower = image.raster.data.subarray(260 * 300 * 3);
    expect(lower.every((value) => value === 128)).toBe(true);
  });

  it('says that a JPEG is damaged in its middle', async () => {
    const noise = Buffer.from(Array.from({ length: 400 * 400 * 3 }, (_, index) => (index * 7919) % 251));
    const bytes = await sharp(noise, { raw: { width: 400, height: 400, channels: 3 } })
      .jpeg()
      .toBuffer();
    bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 40);
    expect(await decodeImage(bytes)).toMatchObject({ partial: true });
  });

  it('decodes what there is of a truncated file, and says that it is a part', async () => {
    const noise = Buffer.from(Array.from({ length: 200 * 200 * 3 }, (_, index) => (index * 7919) % 251));
    const bytes = await sharp(noise, { raw: { width: 200, height: 200, channels: 3 } })
      .jpeg()
      .toBuffer();
    const image = await decodeImage(bytes.subarray(0, bytes.length >> 1));
    expect(image.partial).toBe(true);
    expect(image.raster).toMatchObject({ width: 200, height: 200 });
  });
});

describe('probeImage', () => {
  it('tells size, format and orientation without decoding', async () => {
    const bytes = await sharp(await picture())
      .withMetadata({ orientation: 8 })
      .jpeg()
      .toBuffer();
    expect(await probeImage(bytes)).toEqual({ format: 'jpeg', width: 60, height: 40, orientation: 8 });
  });

  it('refuses a picture of more than 200 megapixels by its header, whatever is configured', async () => {
    const bytes = await sharp({ create: { width: 20_000, height: 10_001, channels: 3, background: '#fff' } })
      .png()
      .toBuffer();
    expect(await codeOf(probeImage(bytes))).toBe('image_too_large_pixels');
  });

  it.each([
    ['nothing', new Uint8Array(), 'invalid_image'],
    ['a text', new TextEncoder().encode('this is no image, whatever its name says'), 'invalid_image'],
    ['a PNG cut off in its header', Buffer.from('iVBORw0KGgoAAAANSUhEUgAAADw=', 'base64'), 'invalid_image'],
    ['a PDF', new TextEncoder().encode('%PDF-1.7\n1 0 obj'), 'unsupported_media_type'],
    ['a HEIC', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), 'unsupported_media_type'],
    [
      'an SVG',
      new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'),
      'unsupported_media_type',
    ],
  ])('refuses %s', async (_, bytes, code) => {
    expect(await codeOf(probeImage(bytes))).toBe(code);
  });
});
