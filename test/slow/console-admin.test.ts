import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { resultContext } from '../../src/encryption/contexts.ts';
import { sealJson } from '../../src/encryption/keyring.ts';
import { linkExtractions } from '../../src/storage/subject-records.ts';
import { type LonelyApi, startLonelyApi } from '../support/api.ts';
import { findChromium } from '../support/chromium.ts';
import {
  ConsoleBrowser,
  overflowOf,
  shoot,
  tracesIn,
  violations,
  violationsInBothThemes,
} from '../support/console-browser.ts';
import { specimenResult } from '../support/results.ts';

const executable = findChromium();
const ADMIN = 'admin-key-0000';
const CLERK = 'clerk-key-0000';
const card = await specimenResult();
const NIK = card.fields.nik.value ?? '';
let api: LonelyApi;
let browser: ConsoleBrowser;

async function signIn(page: Page, key = ADMIN): Promise<void> {
  await page.getByLabel('API key').fill(key);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

async function insertCard(id: string): Promise<void> {
  const { database, keyring } = api.context;
  const { dataKey, wrappedKey } = keyring.createDataKey();
  const expiresAt = new Date(Date.now() + 86_400_000);
  const sealedResult = new Uint8Array(sealJson(dataKey, card, resultContext(id)));
  const row = { id, tenant: 'office', strategy: 'auto', options: {}, wrappedKey, expiresAt };
  await database.extraction.create({ data: { ...row, status: 'succeeded', sealedResult, finishedAt: new Date() } });
  for (const action of ['extraction.create', 'extraction.read'] as const) {
    const entry = { tenant: 'office', actor: 'key_of_a_clerk', action, subject: id, requestId: null };
    await database.accessLogEntry.create({ data: entry });
  }
  await linkExtractions(database, [{ record: id, nikHash: keyring.subjectHash(NIK) }]);
}

/** A proxy that puts a prefix before everything and takes it off again. */
async function startPrefixProxy(prefix: string): Promise<{ address: string; server: Server }> {
  const { port } = new URL(api.address);
  const server = createServer((request, response) => {
    if (!request.url?.startsWith(prefix)) return void response.writeHead(404).end();
    const { headers, method } = request;
    const path = request.url.slice(prefix.length);
    const onward = forward({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`, server };
}

describe.skipIf(executable === undefined)('the pages of administrators', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    api = await startLonelyApi({ API_KEYS: `${ADMIN}:admin+extract:office,${CLERK}:extract:office` });
    browser = await ConsoleBrowser.launch(executable ?? '');
  }, 120_000);
  afterEach(() => browser?.close());
  afterAll(async () => {
    await browser?.end();
    await api?.close();
  });

  it('finds what is known of a person, shows it masked, and logs that it was shown', async () => {
    await insertCard('ext_of_a_person');
    const page = await browser.open(api.address, '#activity');
    await signIn(page);
    await page.getByLabel('NIK').fill(NIK);
    await page.keyboard.press('Enter');
    await page.getByText('2 accesses').click();
    expect(await violationsInBothThemes(page, 'activity')).toEqual([]);
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText(`••••••••••••${NIK.slice(-4)}`).waitFor();
    expect(await page.getByRole('dialog').textContent()).not.toContain(NIK);
    await page.getByRole('button', { name: 'Show the values' }).click();
    await page.getByRole('dialog').getByText(NIK).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();

    await page.getByLabel('Record', { exact: true }).fill('ext_of_a_person');
    await page.keyboard.press('Enter');
    const rows = page.locator('.log tbody tr');
    await expect.poll(() => rows.count()).toBe(4);
    expect(await rows.nth(0).textContent()).toContain('card read');
    expect(await rows.nth(1).textContent()).toContain('card read, masked');
    expect(await tracesIn(page)).not.toContain(NIK);
    expect(browser.complaints.filter((text) => !text.includes('401'))).toEqual([]);
  });

  it('asks for the key of an administrator where another one was given', async () => {
    const page = await browser.open(api.address, '#activity');
    await signIn(page, CLERK);
    await page.getByText('This key lacks the scope "admin".').waitFor();
    await signIn(page);
    await page.getByRole('heading', { name: 'Access log' }).waitFor();
  });

  it('makes a key that is shown once and works, rotates it and revokes it', async () => {
    const page = await browser.open(api.address, '#system');
    await signIn(page);
    await page.getByLabel('Name').fill('<script>document.title=1</script>');
    await page.getByLabel('Tenant').fill('office');
    await page.getByLabel('Valid for').selectOption('30 days');
    await page.getByRole('button', { name: 'Make a key' }).click();
    const shown = async () => (await page.locator('.made code').textContent()) ?? '';
    const first = await shown();
    await page.getByRole('button', { name: 'Rotate <script>' }).click();
    await page.getByRole('button', { name: 'Rotate', exact: true }).click();
    await expect.poll(shown).not.toBe(first);
    const key = await shown();
    const statusOf = async (shownKey: string) =>
      (await api.request('/v1/ktp/batches', { headers: { authorization: `Bearer ${shownKey}` } })).status;
    expect(await statusOf(first)).toBe(401);
    await page.getByText(/until \d/).waitFor();
    expect(await statusOf(key)).toBe(200);
    // Temporal is away, and the page says so.
    await page.getByText('not ready').first().waitFor();
    await page.getByText('<script>document.title=1</script>').waitFor();
    expect(await violationsInBothThemes(page, 'system')).toEqual([]);
    await page.reload();
    await page.getByText('<script>document.title=1</script>').waitFor();
    expect(await page.content()).not.toContain(key);
    await page.getByRole('button', { name: 'Revoke <script>' }).click();
    await page.getByRole('button', { name: 'Revoke', exact: true }).click();
    await expect.poll(() => statusOf(key)).toBe(401);
    expect(await page.title()).toBe('ktpflow');
  });

  it('fits a phone', async () => {
    const options = { viewport: { width: 360, height: 800 }, hasTouch: true, isMobile: true };
    const page = await browser.open(api.address, '#system', options);
    await signIn(page);
    for (const name of ['System', 'Activity']) {
      await page.getByRole('link', { name }).click();
      await page.getByRole('heading', { name: name === 'System' ? 'Keys' : 'Access log', exact: true }).waitFor();
      await shoot(page, `${name.toLowerCase()}-phone`);
      expect(await overflowOf(page)).toBe(0);
      expect(await violations(page)).toEqual([]);
    }
  });

  it('is usable within a second on the loopback, in less than 300 KB, and behind the prefix of a proxy', async () => {
    const { address, server } = await startPrefixProxy('/scans/ktp');
    try {
      const page = await browser.open(address, '#try');
      await signIn(page);
      await page.getByRole('link', { name: 'Batches' }).click();
      await page.getByText('None yet.').waitFor();
      let bytes = 0;
      page.on('response', (response) => {
        bytes += Number(response.headers()['content-length'] ?? 0);
      });
      const startedAt = performance.now();
      await page.reload();
      await page.getByRole('button', { name: 'Files' }).waitFor();
      const ms = performance.now() - startedAt;
      console.log(`${Math.round(bytes / 1000)} KB, usable after ${Math.round(ms)} ms`);
      expect(ms).toBeLessThan(1_000);
      expect(page.url()).toBe(`${address}/console/#batches`);
      expect(bytes).toBeGreaterThan(100_000);
      expect(bytes).toBeLessThan(300_000);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
