/**
 * Entry of the process that decodes one document: PDF by PDFium, HEIC by libheif, AVIF and TIFF by libvips, BMP by
 * read-bmp.ts. A hostile file can make it loop, grow or crash; it knows no key, and whoever waits for it ends it. See
 * open-document.ts.
 */
import { setFlagsFromString } from 'node:v8';
import sharp from 'sharp';
import { BmpError, readBmpHeader, readBmpPixels } from './read-bmp.ts';
import type { RendererAnswer, RendererFault, RendererRequest } from './renderer-messages.ts';

/** A card at its true size on a scanned page has 1,011 pixels then. */
const PDF_DPI = 300;
const POINTS_PER_INCH = 72;
/** Of a rendered page: larger ones are scaled down. */
const MAX_PAGE_PIXELS = 20_000_000;
/** Of a picture before it is decoded: 108 megapixels is what phones have at most. */
const MAX_PICTURE_PIXELS = 120_000_000;
const QUALITY = { quality: 95, chromaSubsampling: '4:4:4' } as const;

/**
 * Memory of PDFium, in pages of 64 KB: 1 GB, which a scan of A4 at 600 dpi needs half of. Its own bound is 2 GB, and a
 * PDF of 600 bytes whose form draws itself takes whatever there is.
 */
const MAX_PDF_MEMORY_PAGES = 16_384;

interface Pages {
  readonly count: number;
  render(index: number): Promise<Buffer>;
}

class RenderError extends Error {
  readonly fault: RendererFault;

  constructor(fault: RendererFault) {
    super(fault);
    this.fault = fault;
  }
}

async function openPdf(bytes: Uint8Array): Promise<Pages> {
  setFlagsFromString(`--wasm-max-mem-pages=${MAX_PDF_MEMORY_PAGES}`);
  const { PDFiumLibrary } = await import('@hyzyla/pdfium');
  const library = await PDFiumLibrary.init();
  const document = await library.loadDocument(bytes).catch((error: unknown) => {
    const encrypted = error instanceof Error && /password|security/i.test(error.message);
    throw new RenderError(encrypted ? 'encrypted' : 'damaged');
  });
  return {
    count: document.getPageCount(),
    async render(index) {
      const page = document.getPage(index);
      const { originalHeight, originalWidth } = page.getOriginalSize();
      const area = originalWidth * originalHeight;
      if (!(area > 0)) throw new RenderError('damaged');
      const scale = Math.min(PDF_DPI / POINTS_PER_INCH, Math.sqrt(MAX_PAGE_PIXELS / area));
      const { data, height, width } = await page.render({ scale, render: 'bitmap' });
      // PDFium paints blue, green, red, alpha.
      for (let at = 0; at < data.length; at += 4) [data[at], data[at + 2]] = [data[at + 2] ?? 0, data[at] ?? 0];
      return sharp(data, { raw: { width, height, channels: 4 } })
        .flatten({ background: 'white' })
        .jpeg(QUALITY)
        .toBuffer();
    },
  };
}

async function openTiff(bytes: Uint8Array): Promise<Pages> {
  const { pages = 1 } = await sharp(bytes, { limitInputPixels: false, failOn: 'none' }).metadata();
  return {
    count: pages,
    async render(page) {
      const picture = sharp(bytes, { page, limitInputPixels: MAX_PICTURE_PIXELS });
      const { height, width } = await picture.metadata();
      if (width * height > MAX_PICTURE_PIXELS) throw new RenderError('too_large');
      return picture.autoOrient().flatten({ background: 'white' }).jpeg(QUALITY).toBuffer();
    },
  };
}

async function openHeif(bytes: Uint8Array): Promise<Pages> {
  // AVIF, and HEIC where the operator's own libvips knows it.
  const known = await sharp(bytes, { limitInputPixels: MAX_PICTURE_PIXELS })
    .metadata()
    .then(({ compression }) => compression === 'av1')
    .catch(() => false);
  if (known) {
    const picture = sharp(bytes, { limitInputPixels: MAX_PICTURE_PIXELS });
    return { count: 1, render: () => picture.autoOrient().flatten({ background: 'white' }).jpeg(QUALITY).toBuffer() };
  }
  const { default: libheif } = await import('libheif-js/wasm-bundle');
  const images = new libheif.HeifDecoder().decode(bytes);
  return {
    count: images.length,
    async render(index) {
      const image = images[index];
      if (!image) throw new RenderError('damaged');
      // The size is that after the rotation that the file asks for.
      const [width, height] = [image.get_width(), image.get_height()];
      if (width * height > MAX_PICTURE_PIXELS) throw new RenderError('too_large');
      const data = new Uint8ClampedArray(width * height * 4);
      await new Promise<void>((resolve, reject) => {
        image.display({ data, width, height }, (shown: unknown) =>
          shown ? resolve() : reject(new RenderError('damaged')),
        );
      });
      return sharp(data, { raw: { width, height, channels: 4 } })
        .flatten({ background: 'white' })
        .jpeg(QUALITY)
        .toBuffer();
    },
  };
}

async function openBmp(bytes: Uint8Array): Promise<Pages> {
  const header = readBmpHeader(bytes, MAX_PICTURE_PIXELS);
  return {
    count: 1,
    render: () => {
      const { data, height, width } = readBmpPixels(bytes, header);
      return sharp(data, { raw: { width, height, channels: 3 } })
        .jpeg(QUALITY)
        .toBuffer();
    },
  };
}

const OPENERS = { pdf: openPdf, tiff: openTiff, heif: openHeif, bmp: openBmp } as const;
let pages: Promise<Pages> | undefined;

async function answer(request: RendererRequest): Promise<RendererAnswer> {
  try {
    if (request.type === 'open') {
      pages = OPENERS[request.kind](request.bytes);
      return { type: 'opened', pages: (await pages).count };
    }
    if (!pages) throw new RenderError('damaged');
    return { type: 'rendered', image: await (await pages).render(request.index) };
  } catch (error) {
    return {
      type: 'failed',
      fault: error instanceof RenderError || error instanceof BmpError ? error.fault : 'damaged',
    };
  }
}

sharp.concurrency(1);
process.on('disconnect', () => process.exit(0));
process.on('message', (request: RendererRequest) => {
  void answer(request).then((message) => process.send?.(message));
});
