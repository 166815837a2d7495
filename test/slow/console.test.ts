import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  EmbeddedPlatform,
  exampleImage,
  exampleTruth,
  jsonRequest,
  temporaryFolder,
} from '../e2e/embedded-platform.ts';
import { findChromium, launchChromium } from '../support/chromium.ts';

/** SCREENSHOTS=FOLDER writes what was seen there. */
const { SCREENSHOTS } = process.env;
const executable = findChromium();
const folder = temporaryFolder();
let platform: EmbeddedPlatform;
let browser: Browser;
let context: BrowserContext;
/** What the browser complains of: a policy that was broken, a script that failed. */
let complaints: string[] = [];

async function open(hash: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${platform.address}/console/${hash}`);
  return page;
}

async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

/** Violations by axe, each with where it is. */
async function violations(page: Page): Promise<string[]> {
  // By the debugger, which no policy of the page concerns.
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    interface Axe {
      run(
        options: object,
      ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
    }
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run({ resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ failureSummary = '', html }) => `${id}: ${html.slice(0, 160)} ${failureSummary.slice(0, 240)}`),
    );
  });
}

async function waitingCard(number: 1 | 2 | 3, thresholds: Record<string, number>): Promise<string> {
  const id = await platform.submit(exampleImage(number), { review: { mode: 'always', thresholds } });
  await expect.poll(async () => (await platform.job(id, 5)).status, { timeout: 90_000 }).toBe('needs_review');
  return id;
}

describe.skipIf(executable === undefined)('the console', { timeout: 240_000 }, () => {
  beforeAll(async () => {
    platform = await EmbeddedPlatform.start(join(folder.path, 'home'), { LOG_LEVEL: 'warn' });
    browser = await launchChromium(executable ?? '');
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.end();
    folder.remove();
  });
  afterEach(async () => {
    await context?.close();
    complaints = [];
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
    expect(complaints).toEqual([]);
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
    for (let card = 0; card < 2; card++) {
      const name = page.locator('.in-doubt input');
      await name.first().waitFor();
      await page.waitForFunction('document.activeElement instanceof HTMLInputElement');
      await shoot(page, `review-card-${card}`);
      expect(await violations(page)).toEqual([]);
      const isFirst = (await name.count()) === 2;
      decided.push(isFirst ? first : second);
      if (isFirst) {
        await page.keyboard.type(attack);
        await page.keyboard.press('Enter');
        await page.keyboard.press('Enter');
        await page.getByText('characters that cards do not print').waitFor();
        await shoot(page, 'review-refused');
        await page.keyboard.press('Alt+Enter');
      } else {
        await page.getByText('NIK: 16 digits').waitFor();
        await page.keyboard.press('Enter');
      }
      if (card === 0) await page.getByText('1 reviewed').waitFor();
    }
    await page.getByText('No card waits.').waitFor();
    await shoot(page, 'review-empty');
    expect(decided.toSorted()).toEqual([first, second].toSorted());
    expect((await platform.finished(first)).result?.fields.nama).toMatchObject({ value: attack.toUpperCase() });
    expect((await platform.finished(second)).result?.fields.nik).toMatchObject({
      value: exampleTruth(2).nik,
      source: 'review',
    });
    expect(await page.title()).toBe('ktpflow');
    expect(complaints.filter((text) => !text.includes('422'))).toEqual([]);
  });

  it('fits a phone', async () => {
    const page = await open('', { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true });
    await page.getByRole('button', { name: 'Sample 3' }).click();
    await page.getByRole('list', { name: 'Fields' }).waitFor();
    await shoot(page, 'try-phone');
    const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    expect(overflow).toBeLessThanOrEqual(0);
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
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(cookie?.value).not.toContain(reviewer);
    const withCookie = { cookie: `${cookie?.name}=${cookie?.value}` };
    expect((await platform.request('/v1/ktp/reviews', { headers: withCookie })).status).toBe(401);
    await page.reload();
    await page.getByText('No card waits.').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    expect(await context.cookies()).toEqual([]);
  });
});
