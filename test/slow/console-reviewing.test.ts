import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExtractionJob } from '../../src/api/extractions/job-schema.ts';
import { FIELD_NAMES, type FieldName } from '../../src/ktp/field-names.ts';
import { degrade } from '../../tools/make-cards/sample.ts';
import type { Truth } from '../../tools/make-cards/truth.ts';
import { imageForm, startTestApi, type TestApi } from '../support/api.ts';
import { findChromium } from '../support/chromium.ts';
import { ConsoleBrowser, shoot } from '../support/console-browser.ts';
import { type Platform, startPlatform } from '../support/platform.ts';

const executable = findChromium();
const CARDS = Number(process.env.REVIEW_CARDS ?? 40);
/** A practised clerk: a look at each field in doubt and one at the rest of the card, and keys at 100 words a minute. */
const LOOK_MS = 700;
const KEY_MS = 110;
/** Each name is looked at, and whatever else is in doubt. */
const POLICY = { mode: 'doubtful', thresholds: { nama: 1 } };

interface ShownCard {
  readonly id: string;
  readonly fields: readonly FieldName[];
  readonly result: NonNullable<ExtractionJob['result']>;
}

let platform: Platform;
let api: TestApi;
let browser: ConsoleBrowser;
const truths = new Map<string, Truth>();

const job = async (id: string): Promise<ExtractionJob> =>
  (await (await api.request(`/v1/ktp/extractions/${id}`)).json()) as ExtractionJob;

/** Hands in drawn photos that are blurred by motion until so many of them wait for a person. */
async function handIn(): Promise<void> {
  for (let seed = 1; truths.size < CARDS; seed++) {
    const { jpeg, truth } = await degrade(`review-${seed}`, 'motion', 'moderate');
    const form = imageForm(jpeg, { review: POLICY });
    const response = await api.request('/v1/ktp/extractions?wait=60', { method: 'POST', body: form });
    const { id, status } = (await response.json()) as ExtractionJob;
    if (status === 'needs_review') truths.set(id, truth);
    expect(seed).toBeLessThan(CARDS * 3);
  }
}

/** Types as a person does. @returns how many keys that took */
async function type(page: Page, text: string): Promise<number> {
  if (text === '') await page.keyboard.press('Delete');
  await page.keyboard.type(text, { delay: KEY_MS });
  return Math.max(1, text.length);
}

/** Reviews the card in front. @returns keys that it took */
async function review(page: Page, { fields, id, result }: ShownCard): Promise<number> {
  const truth = truths.get(id);
  if (!truth) throw new Error('a card that was not handed in');
  let keys = 0;
  const isRight = (name: FieldName) => (result.fields[name].value ?? '') === (truth.fields[name] ?? '');
  await sleep(LOOK_MS);
  const others = FIELD_NAMES.filter((name) => !fields.includes(name));
  for (const name of others.filter((each) => !isRight(each))) {
    await page.locator('.others input').nth(others.indexOf(name)).selectText();
    keys += 1 + (await type(page, truth.fields[name] ?? ''));
  }
  for (const [index, name] of fields.entries()) {
    const input = page.locator('.in-doubt input').nth(index);
    if (index === 0) await input.focus();
    if (index === 0) await input.selectText();
    await sleep(LOOK_MS);
    const wanted = truth.fields[name] ?? '';
    const place = result.fields[name].alternatives.findIndex(({ value }) => value === wanted);
    if (!isRight(name) && place >= 0) {
      await page.keyboard.press(`Alt+${place + 1}`);
      keys++;
    } else if (!isRight(name)) {
      keys += await type(page, wanted);
    }
    await page.keyboard.press('Enter');
    keys++;
  }
  return keys;
}

describe.skipIf(executable === undefined)('reviewing cards by keyboard', { timeout: 900_000 }, () => {
  beforeAll(async () => {
    platform = await startPlatform();
    platform.startWorkflows();
    platform.startInference();
    api = await startTestApi(platform);
    browser = await ConsoleBrowser.launch(executable ?? '');
    await handIn();
  }, 900_000);
  afterAll(async () => {
    await browser?.end();
    await api?.close();
    await platform?.stop();
  });

  it(`leaves the truth in all of ${CARDS} doubtful drawn cards; tells keys and seconds a card`, async () => {
    const page = await browser.open(api.address, '#review');
    const shown: ShownCard[] = [];
    page.on('response', (response) => {
      if (/\/reviews\/ext_\w+$/.test(response.url())) void response.json().then((card: ShownCard) => shown.push(card));
    });
    await page.getByRole('button', { name: 'Start with the least sure card' }).click();
    let keys = 0;
    const startedAt = performance.now();
    for (let count = 0; count < CARDS; count++) {
      await expect.poll(() => shown.length, { interval: 20 }).toBe(count + 1);
      const card = shown[count];
      if (!card) throw new Error('no card is shown');
      await page.locator(`[data-card=${card.id}]`).waitFor();
      if (count === 1) await shoot(page, 'review-undo');
      keys += await review(page, card);
      const problem = page.locator('.react-aria-FieldError').first();
      await Promise.race([
        problem.waitFor().catch(() => undefined),
        expect
          .poll(() => shown.length, { interval: 20 })
          .toBe(count + 2)
          .catch(() => undefined),
        page.getByText('No card waits.').waitFor(),
      ]);
      // A card may break a rule; whoever has looked at it says so.
      if (await problem.isVisible()) {
        await page.keyboard.press('Alt+Enter');
        keys++;
      }
    }
    const seconds = (performance.now() - startedAt) / 1000;
    await page.getByText('No card waits.').waitFor();
    console.log(
      `${CARDS} cards: ${(keys / CARDS).toFixed(1)} keys and ${(seconds / CARDS).toFixed(1)} s a card, ` +
        `${Math.round((CARDS * 3600) / seconds)} an hour`,
    );
    for (const [id, truth] of truths) {
      await expect.poll(async () => (await job(id)).status, { timeout: 30_000 }).toBe('succeeded');
      const { result } = await job(id);
      const values = Object.fromEntries(FIELD_NAMES.map((name) => [name, result?.fields[name].value ?? null]));
      expect(values).toEqual({ ...Object.fromEntries(FIELD_NAMES.map((name) => [name, null])), ...truth.fields });
    }
    expect((3600 * CARDS) / seconds).toBeGreaterThan(200);
  });
});
