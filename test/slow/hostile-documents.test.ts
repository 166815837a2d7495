import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KtpflowError } from '../../src/errors.ts';
import { readFirstCard } from '../../src/inference/documents/read-first-card.ts';
import { checkDocument, openDocument } from '../../src/media/documents/open-document.ts';
import { deflated, manyPages, onePage, type PdfObject, rawPdf, text } from '../support/raw-pdf.ts';

/**
 * What documents that mean harm cost: time, and the memory of the process that has them open. The table is printed;
 * bounds are far above what this machine needs, and far below what would take a server down.
 */
const BOUND_MS = 45_000;
const BOUND_MB = 1_500;
const MEBIBYTE = 1024 * 1024;
const CATALOG = '<< /Type /Catalog /Pages 2 0 R >>';

interface Outcome {
  readonly name: string;
  readonly bytes: number;
  readonly ms: number;
  readonly peakMb: number;
  readonly outcome: string;
}

const table: Outcome[] = [];
let card: Buffer;
let size: { width: number; height: number };

beforeAll(async () => {
  card = await readFile(new URL('../../examples/ktp-1.jpg', import.meta.url));
  const { height, width } = await sharp(card).metadata();
  size = { width, height };
});
afterAll(() => console.table(table));

/** Processes that have a document open for this one. */
function rendererPids(): string[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean);
  const commandOf = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return '';
    }
  };
  return children.filter((pid) => commandOf(pid).includes('page-renderer'));
}

/** Most memory that a renderer of this process had so far, in MB; 0 where there is none. */
function rendererPeakMb(): number {
  const peaks = rendererPids().map((pid) => {
    try {
      return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
    } catch {
      return 0;
    }
  });
  return Math.round(Math.max(0, ...peaks));
}

/** Opens a document, counts its pages and shows the first, as a card reader would. */
async function measure(name: string, bytes: Buffer): Promise<Outcome> {
  const start = performance.now();
  let peakMb = 0;
  const sampling = setInterval(() => {
    peakMb = Math.max(peakMb, rendererPeakMb());
  }, 100);
  let outcome: string;
  try {
    const pages = await checkDocument('pdf', bytes);
    const seen = await readFirstCard({ read: async (page) => (await sharp(page).metadata()).format }, bytes, {});
    outcome = `${pages} pages, ${seen}`;
  } catch (error) {
    if (!(error instanceof KtpflowError)) throw error;
    outcome = error.code;
  } finally {
    clearInterval(sampling);
  }
  const measured = { name, bytes: bytes.length, ms: Math.round(performance.now() - start), peakMb, outcome };
  table.push(measured);
  return measured;
}

/** A page tree that is as deep as it has nodes. */
function deepTree(depth: number): Buffer {
  const node = (index: number) => `<< /Type /Pages /Count 1 /Kids [${index + 3} 0 R] /Parent ${index + 1} 0 R >>`;
  const nodes = Array.from({ length: depth }, (_, index) => node(index));
  return rawPdf([CATALOG, ...nodes, `<< /Type /Page /Parent ${depth + 1} 0 R /MediaBox [0 0 595 842] >>`]);
}

const form = (next: string): PdfObject => ({
  dictionary: `/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject << /X ${next} >> >>`,
  bytes: Buffer.from('/X Do /X Do'),
});

/** Forms that draw the next one twice, so many levels deep: 2 to that power drawings. */
function doublingForms(levels: number): Buffer {
  return onePage(
    text('/X Do'),
    Array.from({ length: levels }, (_, index) => form(`${index + 6} 0 R`)),
  );
}

const gray = (width: number, height: number) =>
  `/Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceGray /BitsPerComponent 8`;

const refused = /^(invalid_image|image_too_large_pixels|not_a_ktp)$/;
const shown = /^1 pages, jpeg$/;
const either = /^(\d+ pages, jpeg|invalid_image|image_too_large_pixels)$/;

describe.skipIf(process.platform !== 'linux')('a hostile document', () => {
  it.each<[string, () => Buffer | Promise<Buffer>, RegExp]>([
    ['300 pages', () => manyPages(300, card, size), /^300 pages, jpeg$/],
    ['10,000 pages', () => manyPages(10_000, card, size), /^10000 pages, jpeg$/],
    ['encrypted', () => readFile(new URL('../fixtures/documents/encrypted.pdf', import.meta.url)), /^invalid_image$/],
    [
      'scripts and launch actions',
      () =>
        rawPdf([
          '<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (while\\(true\\){}) >> /AA << /WC << /S /Launch /F (/bin/sh) >> >> >>',
          '<< /Type /Pages /Count 1 /Kids [3 0 R] >>',
          '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /AA << /O << /S /JavaScript /JS (for\\(;;\\);) >> >> >>',
        ]),
      shown,
    ],
    ['a page of 200 by 200 inches', () => onePage(text(''), [], '[0 0 14400 14400]'), shown],
    ['a page of astronomic size', () => onePage(text(''), [], '[0 0 2000000000 2000000000]'), either],
    [
      'a picture of 30,000 by 30,000 pixels, 900 MB inflated',
      () =>
        onePage(text('q 500 0 0 500 0 0 cm /X Do Q'), [deflated(Buffer.alloc(900 * MEBIBYTE), gray(30_000, 30_000))]),
      either,
    ],
    [
      'contents of 1 GB, deflated twice',
      () => onePage(deflated(Buffer.alloc(1024 * MEBIBYTE, '0 0 m 9 9 l S\n'), '', 2)),
      either,
    ],
    ['a form that draws itself', () => onePage(text('/X Do'), [form('5 0 R')]), either],
    ['forms that double, 30 levels deep', () => doublingForms(30), either],
    ['a page tree of 20,000 levels', () => deepTree(20_000), either],
    [
      'a page tree that is its own child',
      () => rawPdf([CATALOG, '<< /Type /Pages /Count 9 /Kids [2 0 R 2 0 R] >>']),
      either,
    ],
    ['arrays in arrays, a million deep', () => onePage(text('['.repeat(1_000_000))), either],
    [
      'a catalog of arrays in arrays',
      () =>
        rawPdf([`<< /Type /Catalog /Pages 2 0 R /X ${'['.repeat(500_000)} >>`, '<< /Type /Pages /Count 0 /Kids [] >>']),
      refused,
    ],
    [
      'a billion pages by its own word',
      () => rawPdf([CATALOG, '<< /Type /Pages /Count 1000000000 /Kids [] >>']),
      either,
    ],
  ])('%s ends, within bounds', async (name, make, expected) => {
    const { ms, outcome, peakMb } = await measure(name, await make());
    expect(outcome).toMatch(expected);
    expect(ms).toBeLessThan(BOUND_MS);
    expect(peakMb).toBeLessThan(BOUND_MB);
    // Whatever it did, no process is left.
    await expect.poll(rendererPeakMb).toBe(0);
  });

  it('is checked beside three others at most, however many come at once', async () => {
    const broken = onePage(text('')).subarray(0, 40);
    let most = 0;
    const sampling = setInterval(() => {
      most = Math.max(most, rendererPids().length);
    }, 10);
    const checked = Array.from({ length: 12 }, (_, index) =>
      checkDocument('pdf', index % 2 === 0 ? onePage(text('')) : broken).catch((error: KtpflowError) => error.code),
    );
    expect(await Promise.all(checked)).toEqual(Array(6).fill([1, 'invalid_image']).flat());
    clearInterval(sampling);
    // One that was told to end may still be there when the next begins.
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
    expect(await checkDocument('pdf', onePage(text('')))).toBe(1);
  });

  it('of 300 pages shows each of them from one process, whose memory does not grow with them', async () => {
    const document = await openDocument('pdf', manyPages(300, card, size));
    const start = performance.now();
    const peaks: number[] = [];
    for (let index = 0; index < 60; index++) {
      expect((await sharp(await document.render(index * 5)).metadata()).width).toBe(2479);
      if (index % 20 === 19) peaks.push(rendererPeakMb());
    }
    table.push({
      name: '60 of 300 pages rendered',
      bytes: 0,
      ms: Math.round(performance.now() - start),
      peakMb: peaks.at(-1) ?? 0,
      outcome: `peaks ${peaks.join(', ')} MB`,
    });
    document.close();
    expect(peaks[2]! - peaks[0]!).toBeLessThan(100);
  });
});
