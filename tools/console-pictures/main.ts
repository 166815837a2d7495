import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { EmbeddedPlatform, exampleImage, exampleTruth, temporaryFolder } from '../../test/e2e/embedded-platform.ts';
import { findChromium } from '../../test/support/chromium.ts';
import { ConsoleBrowser } from '../../test/support/console-browser.ts';

/**
 * Takes the pictures of docs/images anew, apart from that of the chat: a platform of its own, drawn cards, invented
 * names. `npx tsx tools/console-pictures/main.ts [FOLDER]` after `npm run build`; look at each before it is committed.
 * With FOLDER they go there, and beside them the same pages as wide as a phone, dark, and in Indonesian.
 */
const [given] = process.argv.slice(2);
const target = given ?? fileURLToPath(new URL('../../docs/images', import.meta.url));
const PHONE = { width: 360, height: 844 };
const DESK = { width: 1280, height: 860 };

const folder = temporaryFolder();
const home = join(folder.path, 'home');
const platform = await EmbeddedPlatform.start(home, { LOG_LEVEL: 'error' });
const browser = await ConsoleBrowser.launch(findChromium() ?? '');

async function keep(page: Page, name: string, fullPage = false): Promise<void> {
  const picture = sharp(await page.screenshot({ fullPage }));
  await picture.png({ palette: true }).toFile(join(target, `console-${name}.png`));
}

async function shoot(page: Page, name: string): Promise<void> {
  await keep(page, name);
  if (given === undefined) return;
  await page.setViewportSize(PHONE);
  await keep(page, `${name}-phone`, true);
  await page.setViewportSize(DESK);
  await page.getByLabel('Colours').selectOption('dark');
  await keep(page, `${name}-dark`);
  await page.getByLabel('Language').selectOption('id');
  await page.setViewportSize(PHONE);
  await keep(page, `${name}-phone-id`, true);
  await page.setViewportSize(DESK);
  await page.getByLabel('Bahasa').selectOption('en');
  await page.getByLabel('Colours').selectOption('light');
}

async function shootTry(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sample 1' }).click();
  await page.getByRole('list', { name: 'Fields' }).waitFor();
  await page.getByRole('list', { name: 'Fields' }).getByRole('button').nth(2).focus();
  await shoot(page, 'try');
}

async function shootReview(page: Page): Promise<void> {
  for (const number of [1, 2, 3] as const) {
    const id = await platform.submit(exampleImage(number), {
      review: { mode: 'always', thresholds: { nama: 1, nik: 1 } },
    });
    while ((await platform.job(id, 5)).status !== 'needs_review');
  }
  await page.goto(`${platform.address}/console/#review`);
  await page.getByRole('button', { name: 'Start with the least sure card' }).click();
  await page.locator('.in-doubt input').first().waitFor();
  await page.waitForTimeout(1_000);
  await shoot(page, 'review');
}

async function shootBatches(page: Page): Promise<void> {
  const blank = sharp({ create: { width: 900, height: 600, channels: 3, background: '#eee' } });
  const scans = Array.from({ length: 9 }, (_, index) => ({
    name: `scan-${String(index + 1).padStart(2, '0')}.jpg`,
    mimeType: 'image/jpeg',
    // No two alike.
    buffer: Buffer.concat([exampleImage(((index % 3) + 1) as 1 | 2 | 3), Buffer.from([index])]),
  }));
  await page.goto(`${platform.address}/console/#batches`);
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Files', exact: true }).click();
  await (await chooser).setFiles([
    ...scans,
    { name: 'letter.png', mimeType: 'image/png', buffer: await blank.png().toBuffer() },
    { name: 'scan-10.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no image') },
  ]);
  await page.locator('.batch header .status', { hasText: 'done' }).waitFor();
  await page.locator('.item-table .status.queued, .item-table .status.running').first().waitFor({ state: 'detached' });
  await page.locator('.batch-list .status.running').first().waitFor({ state: 'detached' });
  await shoot(page, 'batches');
}

async function shootAdministration(page: Page): Promise<void> {
  await page.goto(`${platform.address}/console/#system`);
  await page.getByLabel('API key').fill(readFileSync(join(home, 'admin-key'), 'utf8').trim());
  await page.keyboard.press('Enter');
  await page.getByLabel('Name', { exact: true }).fill('Branch office');
  await page.getByLabel('Tenant', { exact: true }).fill('branch');
  await page.getByRole('button', { name: 'Make a key' }).click();
  await page.getByRole('button', { name: 'Hide' }).click();
  await page.locator('.health .lines .status.succeeded').nth(3).waitFor();
  await shoot(page, 'system');
  await page.goto(`${platform.address}/console/#activity`);
  await page.locator('.log tbody tr').first().waitFor();
  await page.getByLabel('NIK').fill(exampleTruth(1).nik ?? '');
  await page.keyboard.press('Enter');
  await page.locator('details summary').first().click();
  await shoot(page, 'activity');
}

try {
  const page = await browser.open(platform.address, '#try');
  await shootTry(page);
  await shootReview(page);
  await shootBatches(page);
  await shootAdministration(page);
} finally {
  await browser.end();
  await platform.end();
  folder.remove();
}
