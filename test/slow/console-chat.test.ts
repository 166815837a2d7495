import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FIELD_NAMES } from '../../src/ktp/field-names.ts';
import type { KeptWorkers } from '../../src/runtime/roles/keep-working.ts';
import { specimen, startTestApi, type TestApi } from '../support/api.ts';
import { chatEnvironment, startGenerations } from '../support/chat.ts';
import { findChromium } from '../support/chromium.ts';
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
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const executable = findChromium();
const { fields } = await specimenResult();
const LINES = FIELD_NAMES.map((name) => `${name}: ${fields[name].value ?? '—'}\n`);
const NIK = fields.nik.value ?? '';
const QUESTION = 'What is on this card?';
let upstream: Upstream;
let platform: Platform;
let api: TestApi;
let generations: KeptWorkers;
let browser: ConsoleBrowser;
let proxy: TcpProxy;

const answer = (page: Page) => page.locator('.turn section .answer').last();
const textOf = async (page: Page): Promise<string> => (await answer(page).textContent()) ?? '';
const whole = LINES.join('');

async function ask(page: Page, question = QUESTION): Promise<void> {
  await page.getByLabel('Question', { exact: true }).fill(question);
  await page.keyboard.press('Enter');
}

describe.skipIf(executable === undefined)('the chat page', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    upstream = await startUpstream({ tokens: LINES, tokensPerSecond: 4, kind: 'vllm' });
    platform = await startPlatform({ environment: chatEnvironment(upstream) });
    platform.startWorkflows();
    generations = startGenerations(platform);
    api = await startTestApi(platform);
    proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(api.address).port) });
    browser = await ConsoleBrowser.launch(executable ?? '');
  }, 300_000);
  afterEach(() => browser?.close());
  afterAll(async () => {
    await browser?.end();
    await proxy?.close();
    await api?.close();
    await generations?.stop();
    await platform?.stop();
    await upstream?.close();
  });

  it('goes on with an answer after the page was loaded anew in the middle of it, and keeps nothing but its id', async () => {
    const page = await browser.open(api.address, '#chat');
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Picture', exact: true }).click();
    await (await chooser).setFiles({ name: 'card.jpg', mimeType: 'image/jpeg', buffer: await specimen() });
    await page.getByAltText('The attached picture').waitFor();
    await ask(page);
    await expect.poll(() => textOf(page)).toContain('nama:');
    expect(await violationsInBothThemes(page, 'chat')).toEqual([]);
    expect(await textOf(page)).not.toContain('tgl_terbit:');
    await page.reload();
    await expect.poll(() => textOf(page)).toContain('nama:');
    await page.getByText('Asked before this page was loaded').waitFor();
    await expect.poll(() => textOf(page), { timeout: 30_000 }).toBe(whole);
    expect(upstream.requests).toHaveLength(1);
    const traces = await tracesIn(page);
    expect(traces).not.toMatch(/What is|data:image/);
    expect(traces).not.toContain(NIK);
    expect(browser.complaints).toEqual([]);
  });

  it('goes on over connections that break, each event once, and asks on in the same conversation', async () => {
    const page = await browser.open(`http://127.0.0.1:${proxy.port}`, '#chat');
    await ask(page, 'one');
    for (const word of ['tempat_lahir:', 'agama:']) {
      await expect.poll(() => textOf(page)).toContain(word);
      proxy.away();
      await sleep(300);
      proxy.back();
    }
    await expect.poll(() => textOf(page), { timeout: 30_000 }).toBe(whole);
    await ask(page, 'two');
    await expect.poll(() => page.locator('.turn').count()).toBe(2);
    await expect.poll(() => textOf(page), { timeout: 30_000 }).toBe(whole);
    await shoot(page, 'chat-two');
    expect(upstream.requests.at(-1)?.body.messages?.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });

  it('stops an answer, and tells what the server refuses', async () => {
    const page = await browser.open(api.address, '#chat');
    await ask(page);
    await expect.poll(() => textOf(page)).toContain('nik:');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped.').waitFor();
    expect(await textOf(page)).not.toContain('tgl_terbit:');
    await page.getByRole('button', { name: 'New conversation' }).click();
    await page.getByLabel('Model').selectOption('ktp-ocr');
    await ask(page, 'without a picture');
    await page.getByText('needs an image').waitFor();
  });

  it('fits a phone', async () => {
    const options = { viewport: { width: 360, height: 800 }, hasTouch: true, isMobile: true };
    const page = await browser.open(api.address, '#chat', options);
    await ask(page);
    await expect.poll(() => textOf(page)).toContain('agama:');
    await shoot(page, 'chat-phone');
    expect(await overflowOf(page)).toBe(0);
    expect(await violations(page)).toEqual([]);
  });
});
