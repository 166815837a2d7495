import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ExtractionJob } from '../../src/api/extractions/job-schema.ts';
import { FIELD_NAMES } from '../../src/ktp/field-names.ts';
import type { KeptWorkers } from '../../src/runtime/roles/keep-working.ts';
import { linkExtractions } from '../../src/storage/subject-records.ts';
import { bearer, jsonOf, startTestApi, type TestApi } from '../support/api.ts';
import { chatEnvironment, startGenerations } from '../support/chat.ts';
import { findChromium } from '../support/chromium.ts';
import { picture } from '../support/colour-reader.ts';
import { ConsoleBrowser, overflowOf, violations, violationsInBothThemes } from '../support/console-browser.ts';
import { doubtfulReader } from '../support/doubtful-reader.ts';
import { focusOf, keyboardFaults, tabTo } from '../support/keyboard-walk.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { specimenResult } from '../support/results.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const executable = findChromium();
const KEY = 'keyboard-key-0000';
const DOUBTFUL = 100;
const card = await specimenResult();
const NIK = card.fields.nik.value ?? '';
const WORDS = FIELD_NAMES.map((name) => `${name} `);
let upstream: Upstream;
let platform: Platform;
let generations: KeptWorkers;
let api: TestApi;
let browser: ConsoleBrowser;

/** Signs in by the keyboard: the key's field has it from the start. */
async function open(hash: string, options = {}): Promise<Page> {
  const page = await browser.open(api.address, hash, options);
  await page.locator('input:focus').waitFor();
  await page.keyboard.type(KEY);
  await page.keyboard.press('Enter');
  await page.locator('form.sign-in').waitFor({ state: 'detached' });
  return page;
}

/** Presses what has this name, having gone there by the tab key. */
async function press(page: Page, name: string | RegExp): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}

/** Presses what opens the browser's own choice of files, and chooses. */
async function choose(page: Page, name: string, files: Parameters<Page['setInputFiles']>[1]): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await press(page, name);
  await (await chooser).setFiles(files);
}

async function handIn(review: 'never' | 'always'): Promise<string> {
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(await picture(DOUBTFUL))]), 'card.png');
  form.append('options', JSON.stringify({ review }));
  const { headers } = bearer(KEY);
  const response = await api.request('/v1/ktp/extractions?wait=60', { method: 'POST', headers, body: form });
  return (await jsonOf<ExtractionJob>(response)).id;
}

const job = async (id: string): Promise<ExtractionJob> =>
  jsonOf(await api.request(`/v1/ktp/extractions/${id}`, bearer(KEY)));
const file = async (name: string, red: number) => ({ name, mimeType: 'image/png', buffer: await picture(red) });

describe.skipIf(executable === undefined)('the console by keyboard alone', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    upstream = await startUpstream({ tokens: WORDS, tokensPerSecond: 6, kind: 'vllm' });
    platform = await startPlatform({
      readCard: () => doubtfulReader(() => platform, card),
      environment: chatEnvironment(upstream),
    });
    platform.startWorkflows();
    platform.startInference();
    generations = startGenerations(platform);
    api = await startTestApi(platform, { API_KEYS: `${KEY}:extract+review+chat+admin:office` });
    const camera = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
    browser = await ConsoleBrowser.launch(executable ?? '', camera);
  }, 300_000);
  afterEach(() => browser?.close());
  afterAll(async () => {
    await browser?.end();
    await generations?.stop();
    await api?.close();
    await platform?.stop();
    await upstream?.close();
  });

  it('signs in and out, and takes another language', async () => {
    const page = await browser.open(api.address, '#try');
    await page.getByLabel('API key').waitFor();
    expect(await keyboardFaults(page)).toEqual([]);
    expect(await violationsInBothThemes(page, 'keyboard-sign-in')).toEqual([]);
    await page.reload();
    await page.locator('input:focus').waitFor();
    await page.keyboard.type(KEY);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Drop a picture of a KTP' }).waitFor();
    await tabTo(page, 'Language');
    await page.keyboard.type('I');
    await page.keyboard.press('Enter');
    await page.getByText('Pilih berkas').waitFor();
    await press(page, 'Keluar');
    await page.locator('form.sign-in').waitFor();
    expect(await focusOf(page)).toMatchObject({ isShown: true });
  });

  it('tries a card: the camera, a file, its fields, the request as code, a sample', async () => {
    const page = await open('#try');
    await page.getByRole('heading', { name: 'Drop a picture of a KTP' }).waitFor();
    expect(await keyboardFaults(page)).toEqual([]);
    await press(page, 'Take a photo');
    await page.getByRole('button', { name: 'Close the camera' }).waitFor();
    await press(page, 'Close the camera');
    await choose(page, 'Choose a file', await file('card.png', DOUBTFUL));
    await page.getByRole('list', { name: 'Fields' }).waitFor();
    expect(await keyboardFaults(page)).toEqual([]);
    await tabTo(page, /^Name/);
    await page.getByRole('img', { name: 'The place of the field Name, enlarged' }).waitFor();
    await tabTo(page, 'JSON');
    await page.keyboard.press('ArrowRight');
    await page.locator('pre', { hasText: 'curl' }).waitFor();
    expect(await violationsInBothThemes(page, 'keyboard-try')).toEqual([]);
    await press(page, 'Another card');
    await press(page, 'Sample 1');
    await page.getByRole('list', { name: 'Fields' }).waitFor();
  });

  it('hands a batch in, opens a card of it, loads the results and erases it with a certificate', async () => {
    const page = await open('#batches');
    await page.getByText('None yet.').waitFor();
    await choose(page, 'Files', [await file('a.png', 200), await file('b.png', 201)]);
    await page.locator('.batch header .status', { hasText: 'done' }).waitFor();
    expect(await keyboardFaults(page)).toEqual([]);
    await press(page, 'Open 1');
    await page.getByRole('dialog').waitFor();
    await press(page, 'Show the values');
    await page.getByRole('dialog').getByText(NIK).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect((await focusOf(page))?.name).toBe('button Open 1');
    const results = page.waitForEvent('download');
    await press(page, 'Download CSV');
    expect((await results).suggestedFilename()).toMatch(/\.csv$/);
    const certificate = page.waitForEvent('download');
    await press(page, 'Erase');
    await page.getByText('Erase it for good?').waitFor();
    await page.keyboard.press('Enter');
    expect((await certificate).suggestedFilename()).toMatch(/^erasure-batch_/);
    await page.getByText('None yet.').waitFor();
  });

  it('takes a card out of the middle of the queue, corrects a field that was in no doubt, and confirms', async () => {
    const ids = [await handIn('always'), await handIn('always'), await handIn('always')];
    const page = await open('#review');
    await page.getByRole('button', { name: 'Start with the least sure card' }).waitFor();
    expect(await keyboardFaults(page)).toEqual([]);
    await tabTo(page, /^39/);
    await page.keyboard.press('ArrowDown');
    await expect.poll(async () => (await focusOf(page))?.name).toMatch(/^button 39/);
    await page.keyboard.press('Enter');
    await page.locator('.in-doubt input').first().waitFor();
    await page.locator('input:focus').waitFor();
    const taken = (await page.locator('[data-card]').getAttribute('data-card')) ?? '';
    const waiting = await jsonOf<{ data: { id: string }[] }>(
      await api.request('/v1/ktp/reviews?status=open', bearer(KEY)),
    );
    expect(waiting.data.map(({ id }) => id).toSorted()).toEqual(ids.filter((id) => id !== taken).toSorted());
    expect(await page.locator('.waiting button').nth(1).getAttribute('aria-current')).toBe('true');
    expect(await keyboardFaults(page)).toEqual([]);
    await page.locator('.in-doubt input').first().focus();
    for (let count = await page.locator('.in-doubt input').count(); count > 0; count--) {
      await page.keyboard.press('ArrowDown');
    }
    // The first of the others: the province, which is right, and the city below it.
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.type('DKI JAKARTA');
    await page.keyboard.press('Enter');
    const refusal = page.getByRole('button', { name: /^Take it anyway/ });
    const next = page.locator('.notice.undo');
    await refusal.or(next).first().waitFor();
    if (await refusal.isVisible()) await page.keyboard.press('Alt+Enter');
    await next.waitFor();
    await page.locator(`[data-card]:not([data-card=${taken}]) input:focus`).waitFor();
    await page.keyboard.press('Alt+r');
    await page.getByText('2 reviewed').waitFor();
    await expect.poll(async () => (await job(taken)).status).toBe('succeeded');
    expect((await job(taken)).result?.fields.provinsi).toMatchObject({ value: 'DKI JAKARTA', source: 'review' });
  });

  it('asks with a picture, stops the answer, and begins anew', async () => {
    const page = await open('#chat');
    await page.getByText('Ask something').waitFor();
    await page.getByRole('option', { name: /Qwen/ }).waitFor({ state: 'attached' });
    expect(await keyboardFaults(page)).toEqual([]);
    await choose(page, 'Picture', await file('card.png', 200));
    await page.getByAltText('The attached picture').waitFor();
    await tabTo(page, 'Question');
    await page.keyboard.type('What is it?');
    await page.keyboard.press('Enter');
    await page.getByText('provinsi').waitFor();
    expect(await keyboardFaults(page)).toEqual([]);
    await press(page, 'Stop');
    await page.getByText('Stopped.').waitFor();
    await press(page, 'New conversation');
    await page.getByText('Ask something').waitFor();
  });

  it('finds a person, opens a card and erases it with a certificate: in Indonesian', async () => {
    const id = await handIn('never');
    await linkExtractions(platform.database, [{ record: id, nikHash: platform.keyring.subjectHash(NIK) }]);
    const page = await open('#activity', { locale: 'id-ID' });
    await page.getByRole('heading', { name: 'Catatan akses' }).waitFor();
    expect(await keyboardFaults(page)).toEqual([]);
    await tabTo(page, 'NIK');
    await page.keyboard.type(NIK);
    await page.keyboard.press('Enter');
    await page.locator('.lines summary').first().waitFor();
    await tabTo(page, /kali diakses$/);
    await page.keyboard.press('Enter');
    await page.locator('details[open]').first().waitFor();
    expect(await keyboardFaults(page)).toEqual([]);
    expect(await violationsInBothThemes(page, 'keyboard-activity')).toEqual([]);
    const erasable = page.getByRole('button', { name: 'Hapus', exact: true });
    const before = await erasable.count();
    await tabTo(page, /^NIK/);
    const certificate = page.waitForEvent('download');
    await press(page, 'Hapus');
    await page.locator('.confirm').waitFor();
    await page.keyboard.press('Enter');
    expect((await certificate).suggestedFilename()).toMatch(/^erasure-ext_.*\.json$/);
    await expect.poll(() => erasable.count()).toBe(before - 1);
  });

  it('makes a key, hides it and revokes it', async () => {
    const page = await open('#system');
    await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor();
    expect(await keyboardFaults(page)).toEqual([]);
    await tabTo(page, 'Name');
    await page.keyboard.type('Branch office');
    await tabTo(page, 'review');
    await page.keyboard.press('Space');
    await press(page, 'Make a key');
    await page.getByText('It is shown only now').waitFor();
    expect(await keyboardFaults(page)).toEqual([]);
    await press(page, 'Hide');
    await press(page, 'Revoke Branch office');
    await page.getByText('What has it now is shut out at once.').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('Branch office').waitFor({ state: 'detached' });
  });

  it.each(['try', 'batches', 'review', 'chat', 'activity', 'system'])('fits a phone: %s', async (name) => {
    const page = await open(`#${name}`, { viewport: { width: 360, height: 740 }, locale: 'id-ID', hasTouch: true });
    await page.locator('main :is(h2, .invitation, .title)').first().waitFor();
    expect(await overflowOf(page)).toBe(0);
    expect(await violationsInBothThemes(page, `phone-${name}`)).toEqual([]);
    expect(browser.complaints.filter((text) => !text.includes('401'))).toEqual([]);
  });
});
