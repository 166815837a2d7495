import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  EmbeddedPlatform,
  exampleImage,
  exampleTruth,
  jsonRequest,
  temporaryFolder,
} from '../e2e/embedded-platform.ts';
import { findChromium } from '../support/chromium.ts';
import { ConsoleBrowser, overflowOf, shoot, violations } from '../support/console-browser.ts';

const executable = findChromium();
const folder = temporaryFolder();
let platform: EmbeddedPlatform;
let browser: ConsoleBrowser;

const open = (hash: string, options: BrowserContextOptions = {}): Promise<Page> =>
  browser.open(platform.address, hash, options);

/** A camera in front of which a card lies on a table: the browser plays a file of JPEGs. */
async function cameraThatShows(card: Uint8Array): Promise<string[]> {
  const small = await sharp(card).resize({ width: 1000, height: 640, fit: 'inside' }).toBuffer();
  const background = { r: 120, g: 96, b: 72 };
  const table = sharp({ create: { width: 1280, height: 720, channels: 3, background } });
  const frame = await table
    .composite([{ input: small }])
    .jpeg({ quality: 92 })
    .toBuffer();
  const path = join(folder.path, 'camera.mjpeg');
  writeFileSync(path, Buffer.concat(Array.from({ length: 10 }, () => frame)));
  return [
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    `--use-file-for-fake-video-capture=${path}`,
  ];
}

async function waitingCard(number: 1 | 2 | 3, thresholds: Record<string, number>): Promise<string> {
  const id = await platform.submit(exampleImage(number), { review: { mode: 'always', thresholds } });
  await expect.poll(async () => (await platform.job(id, 5)).status, { timeout: 90_000 }).toBe('needs_review');
  return id;
}

describe.skipIf(executable === undefined)('the console', { timeout: 240_000 }, () => {
  beforeAll(async () => {
    platform = await EmbeddedPlatform.start(join(folder.path, 'home'), { LOG_LEVEL: 'warn' });
    browser = await ConsoleBrowser.launch(executable ?? '', await cameraThatShows(exampleImage(1)));
  }, 300_000);
  afterAll(async () => {
    await browser?.end();
    await platform?.end();
    folder.remove();
  });
  afterEach(async () => {
    await browser?.close();
  });

  it('reads a card, shows each field with its box, and has nothing that axe finds, in both themes', async () => {
    const page = await open('');
    await page.getByRole('heading', { name: 'Drop a picture of a KTP' }).waitFor();
    await shoot(page, 'try-empty');
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Sample 1' }).click();
    const list = page.getByRole('list', { name: 'Fields' });
    await list.waitFor();
    const nik = exampleTruth(1).nik ?? '';
    const row = list.getByRole('button').filter({ hasText: nik });
    await row.focus();
    await page.getByRole('img', { name: 'The place of the field NIK, enlarged' }).waitFor();
    expect(await page.locator('rect.box.active').count()).toBe(1);
    await page.locator('rect.box').nth(3).hover();
    await shoot(page, 'try-read');
    expect(await violations(page)).toEqual([]);
    await page.getByLabel('Colours').selectOption('dark');
    await shoot(page, 'try-dark');
    expect(await violations(page)).toEqual([]);
    await page.getByLabel('Language').selectOption('id');
    await page.getByRole('list', { name: 'Isian' }).waitFor();
    expect(page.url()).not.toContain(nik);
    expect(await page.evaluate<string>('JSON.stringify({ ...localStorage })')).not.toContain(nik);
    expect(browser.complaints).toEqual([]);
  });

  it('is reviewed by keyboard alone, and shows an attack as the text that it is', async () => {
    const first = await waitingCard(1, { nama: 1, agama: 1 });
    const second = await waitingCard(2, { nik: 1 });
    const attack = '<img src=x onerror="document.title=1">';
    const page = await open('#review', { colorScheme: 'dark' });
    await page.getByRole('button', { name: 'Start with the least sure card' }).waitFor();
    await shoot(page, 'review-queue-dark');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Enter');
    const decided: string[] = [];
    /** Goes through the card in front of it. */
    const decide = async (card: number): Promise<void> => {
      const name = page.locator('.in-doubt input');
      await name.first().waitFor();
      await page.locator('input:focus').waitFor();
      await shoot(page, `review-card-${card}`);
      expect(await violations(page)).toEqual([]);
      const isFirst = (await name.count()) === 2;
      decided.push(isFirst ? first : second);
      // Taken back, it still has what was typed.
      if (card === 2 && isFirst) expect(await name.first().inputValue()).toBe(attack);
      if (isFirst) {
        if (card < 2) await page.keyboard.type(attack);
        await page.keyboard.press('Enter');
        await page.keyboard.press('Enter');
        await page.getByText('characters that cards do not print').waitFor();
        await shoot(page, 'review-refused');
        await page.keyboard.press('Alt+Enter');
      } else {
        await page.getByText('NIK: 16 digits').waitFor();
        await page.keyboard.press('Enter');
      }
    };
    await decide(0);
    await page.getByText('1 reviewed').waitFor();
    await decide(1);
    await page.getByText('No card waits.').waitFor();
    await shoot(page, 'review-empty');
    expect((await platform.job(decided[1] ?? '')).status).toBe('needs_review');
    await page.keyboard.press('Alt+z');
    await page.getByText('1 reviewed').waitFor();
    await decide(2);
    await page.getByText('No card waits.').waitFor();
    expect(new Set(decided)).toEqual(new Set([first, second]));
    expect(decided[2]).toBe(decided[1]);
    expect((await platform.finished(first)).result?.fields.nama).toMatchObject({ value: attack.toUpperCase() });
    expect((await platform.finished(second)).result?.fields.nik).toMatchObject({
      value: exampleTruth(2).nik,
      source: 'review',
    });
    expect(await page.title()).toBe('ktpflow');
    expect(browser.complaints.filter((text) => !text.includes('422'))).toEqual([]);
  });

  it('takes a card by the camera once it lies well', async () => {
    const page = await open('');
    await page.getByRole('button', { name: 'Take a photo' }).click();
    await page.getByText('Good. Hold it still.').waitFor();
    await shoot(page, 'try-camera');
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Take the picture' }).click();
    await page.getByRole('list', { name: 'Fields' }).waitFor();
    await page
      .getByRole('list', { name: 'Fields' })
      .getByText(exampleTruth(1).nik ?? '')
      .waitFor();
    expect(browser.complaints).toEqual([]);
  });

  it('fits a phone', async () => {
    const page = await open('', { viewport: { width: 360, height: 800 }, hasTouch: true, isMobile: true });
    await page.getByRole('button', { name: 'Sample 3' }).click();
    await page.getByRole('list', { name: 'Fields' }).waitFor();
    await shoot(page, 'try-phone');
    expect(await overflowOf(page)).toBe(0);
    expect(await violations(page)).toEqual([]);
  });

  it('asks for a key once there is one, keeps it out of reach of scripts, and takes no cookie without its header', async () => {
    const key = readFileSync(join(folder.path, 'home', 'admin-key'), 'utf8').trim();
    const body = { scopes: ['extract', 'review'], tenant: 'anonymous' };
    const { headers } = { headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' } };
    const made = await platform.request('/v1/admin/keys', { ...jsonRequest(body), headers });
    const { key: reviewer } = (await made.json()) as { key: string };
    const page = await open('#review');
    await page.getByLabel('API key').fill('wrong-key');
    await page.keyboard.press('Enter');
    await page.getByText('This key is unknown').waitFor();
    await shoot(page, 'sign-in');
    expect(await violations(page)).toEqual([]);
    await page.getByLabel('API key').fill(reviewer);
    await page.keyboard.press('Enter');
    await page.getByText('No card waits.').waitFor();
    expect(await page.evaluate<string>('document.cookie')).toBe('');
    const [cookie] = await browser.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(cookie?.value).not.toContain(reviewer);
    const withCookie = { cookie: `${cookie?.name}=${cookie?.value}` };
    expect((await platform.request('/v1/ktp/reviews', { headers: withCookie })).status).toBe(401);
    await page.reload();
    await page.getByText('No card waits.').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    expect(await browser.cookies()).toEqual([]);
  });
});
