import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BatchObject } from '../../src/api/batches/batch-schema.ts';
import type { Prisma } from '../../src/storage/generated/client.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { insertBatch } from '../support/batches.ts';
import { findChromium } from '../support/chromium.ts';
import { ColourReader, picture } from '../support/colour-reader.ts';
import {
  ConsoleBrowser,
  overflowOf,
  shoot,
  tracesIn,
  violations,
  violationsInBothThemes,
} from '../support/console-browser.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { specimenResult } from '../support/results.ts';
import { makeZip } from '../support/zip.ts';

const executable = findChromium();
const card = await specimenResult();
const ATTACK = `<img src=x onerror=document.title='taken'>.png`;
let platform: Platform;
let api: TestApi;
let browser: ConsoleBrowser;
const reader = new ColourReader(() => platform, card);

const file = (name: string, buffer: Buffer) => ({ name, mimeType: 'image/png', buffer });
const countIn = async (page: Page, name: string): Promise<number> =>
  Number(((await page.locator(`[data-count=${name}]`).textContent()) ?? '').replaceAll(',', ''));
const untilDone = (page: Page) => page.locator('.batch header .status', { hasText: 'done' }).waitFor();

async function choose(page: Page, button: string, files: Parameters<Page['setInputFiles']>[1]): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: button, exact: true }).click();
  await (await chooser).setFiles(files);
}

describe.skipIf(executable === undefined)('the batches page', { timeout: 240_000 }, () => {
  beforeAll(async () => {
    platform = await startPlatform({ readCard: () => reader.readCard });
    platform.startWorkflows();
    platform.startInference();
    api = await startTestApi(platform);
    browser = await ConsoleBrowser.launch(executable ?? '');
  }, 300_000);
  afterEach(async () => {
    await browser?.close();
    reader.slow = 0;
  });
  afterAll(async () => {
    await browser?.end();
    await api?.close();
    await platform?.stop();
  });

  it('hands files in, counts that add up, groups what failed, and reads one group again; names are text', async () => {
    const page = await browser.open(api.address, '#batches');
    const good = await Promise.all(Array.from({ length: 12 }, (_, index) => picture(index + 1, 7)));
    await choose(page, 'Files', [
      ...good.map((bytes, index) => file(`card-${index}.png`, bytes)),
      file('black.png', await picture(0)),
      file('text.png', Buffer.from('no image at all')),
      file(ATTACK, await picture(200)),
    ]);
    await untilDone(page);
    expect(await countIn(page, 'total')).toBe(15);
    expect(await countIn(page, 'succeeded')).toBe(13);
    expect(await countIn(page, 'failed')).toBe(2);
    const failures = page.locator('.failures li');
    expect(await failures.count()).toBe(2);
    await page.getByText(ATTACK).waitFor();
    expect(await violationsInBothThemes(page, 'batch')).toEqual([]);
    await page.getByLabel('Language').selectOption('id');
    for (const reason of ['Tidak ada KTP pada gambar ini.', 'Berkas ini bukan gambar.']) {
      await failures.getByText(reason).waitFor();
    }
    await page.getByLabel('Bahasa').selectOption('en');

    reader.reads = [];
    await page.getByRole('button', { name: 'Read again: No KTP was found in the image.' }).click();
    await expect.poll(() => reader.reads.length).toBe(1);
    await untilDone(page);
    expect(await countIn(page, 'failed')).toBe(2);

    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download XLSX' }).click();
    expect((await download).suggestedFilename()).toMatch(/^batch_\w+\.xlsx$/);
    expect(await tracesIn(page)).not.toMatch(/card-\d|black|onerror|taken/);
    expect(browser.complaints).toEqual([]);
  });

  it('shows a card masked, and its values only when they are asked for, which the access log tells apart', async () => {
    const page = await browser.open(api.address, '#batches');
    await page.getByRole('list', { name: 'Batches' }).getByRole('link').first().click();
    await page.getByRole('button', { name: 'Open 1', exact: true }).click();
    const nik = card.fields.nik.value ?? '';
    await page.getByText(`••••••••••••${nik.slice(-4)}`).waitFor();
    expect(await page.content()).not.toContain(nik);
    expect(await violations(page)).toEqual([]);
    await shoot(page, 'batch-card-masked');
    const actions = async (): Promise<string[]> =>
      (await platform.database.accessLogEntry.findMany({ orderBy: { id: 'asc' } }))
        .map(({ action }) => action)
        .filter((action) => action.startsWith('extraction.read'));
    expect(await actions()).toEqual(['extraction.read_masked']);
    await page.getByRole('button', { name: 'Show the values' }).click();
    await page.getByText(nik).waitFor();
    expect(await actions()).toEqual(['extraction.read_masked', 'extraction.read']);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  });

  it('takes a folder and a ZIP, pauses, goes on, cancels, and erases with a certificate', async () => {
    const folder = join(platform.folder, 'cards');
    await mkdir(join(folder, 'inner'), { recursive: true });
    for (let index = 0; index < 30; index++) {
      await writeFile(join(folder, index % 2 ? 'inner' : '.', `card-${index}.png`), await picture(index + 1, 3));
    }
    await writeFile(join(folder, '.DS_Store'), 'left by a system');
    reader.slow = 400;
    const page = await browser.open(api.address, '#batches');
    await choose(page, 'Folder', folder);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('.batch header .status', { hasText: 'paused' }).waitFor();
    expect(await countIn(page, 'total')).toBe(30);
    await shoot(page, 'batch-paused');
    reader.slow = 0;
    await page.getByRole('button', { name: 'Go on' }).click();
    await untilDone(page);
    expect(await countIn(page, 'succeeded')).toBe(30);

    const zip = makeZip([{ name: 'a.png', data: await picture(9, 9) }]);
    reader.slow = 60_000;
    await choose(page, 'ZIP', { name: 'cards.zip', mimeType: 'application/zip', buffer: Buffer.from(zip) });
    await expect.poll(() => countIn(page, 'total')).toBe(1);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('.batch header .status', { hasText: /^cancelled$/ }).waitFor();
    const id = page.url().split('/').at(-1) ?? '';
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Erase' }).click();
    await page.getByRole('button', { name: 'Erase', exact: true }).click();
    expect((await download).suggestedFilename()).toBe(`erasure-${id}.json`);
    expect((await api.request(`/v1/ktp/batches/${id}`)).status).toBe(404);
    expect(browser.complaints).toEqual([]);
  });

  it('scrolls ten thousand rows to any place, with a hundred of them at a time', async () => {
    const images = Array.from({ length: 10_000 }, (_, index) => ({ name: `folder/card-${index}.png` }));
    const { options, tenant } = await platform.database.batch.findFirstOrThrow();
    const id = await insertBatch(platform, images);
    await platform.database.batch.update({
      where: { id },
      data: { tenant, status: 'completed', finishedAt: new Date(), options: options as Prisma.InputJsonObject },
    });
    await platform.database.extraction.updateMany({ where: { batchId: id }, data: { tenant, status: 'succeeded' } });
    await platform.database.extraction.updateMany({
      where: { batchId: id, batchIndex: { gte: 9000 } },
      data: { status: 'failed', errorCode: 'invalid_image', errorMessage: 'The image cannot be decoded.' },
    });
    const page = await browser.open(api.address, `#batches/${id}`);
    await page.getByText('folder/card-0.png').waitFor();
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    const startedAt = performance.now();
    await page.locator('section.item-table').evaluate((table) => {
      table.scrollTop = table.scrollHeight;
    });
    await page.getByText('folder/card-9999.png').waitFor();
    const endMs = performance.now() - startedAt;
    await page.locator('section.item-table').evaluate((table) => {
      table.scrollTop = table.scrollHeight / 2;
    });
    await page.getByText('folder/card-5000.png').waitFor();
    expect(requests.filter((url) => url.includes('/items?')).length).toBeLessThanOrEqual(5);
    expect(await page.locator('.item-table tbody tr').count()).toBeLessThan(60);
    await page.getByLabel('Show').selectOption('failed');
    await page.getByText('folder/card-9000.png').waitFor();
    await shoot(page, 'batch-10000');
    expect(await violations(page)).toEqual([]);
    console.log(`end of 10,000 rows after ${Math.round(endMs)} ms`);
    expect(endMs).toBeLessThan(3_000);
    const batch = (await (await api.request(`/v1/ktp/batches/${id}`)).json()) as BatchObject;
    expect(batch.counts).toMatchObject({ total: 10_000, succeeded: 9_000, failed: 1_000 });
  });

  it('fits a phone, in Indonesian too', async () => {
    const page = await browser.open(api.address, '#batches', {
      viewport: { width: 360, height: 800 },
      hasTouch: true,
      isMobile: true,
      locale: 'id-ID',
    });
    await page.getByRole('list', { name: 'Kumpulan' }).getByRole('link').nth(1).click();
    await page.locator('.item-table tbody tr').nth(1).waitFor();
    await shoot(page, 'batch-phone');
    expect(await overflowOf(page)).toBe(0);
    expect(await violations(page)).toEqual([]);
  });
});
