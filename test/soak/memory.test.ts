import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { degrade } from '../../tools/make-cards/sample.ts';
import { EmbeddedPlatform, imageForm, temporaryFolder } from '../e2e/embedded-platform.ts';
import { filesUnder } from '../e2e/traces.ts';
import { measure, row, sum, type Usage } from './measure.ts';

/** SOAK_CARDS=1000 for the long run. */
const CARDS = Number(process.env.SOAK_CARDS ?? 300);
const AT_ONCE = 4;
const BUDGET_MB = 1536;

const folder = temporaryFolder();
const home = join(folder.path, 'home');
const temporary = join(folder.path, 'tmp');
let platform: EmbeddedPlatform;
let pictures: Buffer[];

beforeAll(async () => {
  mkdirSync(temporary);
  const kinds = [
    ['scan', 'mild'],
    ['photo', 'moderate'],
    ['turned', 'moderate'],
    ['tilt', 'strong'],
    ['small', 'moderate'],
    ['clutter', 'moderate'],
  ] as const;
  pictures = [];
  for (const [index, [level, strength]] of kinds.entries()) {
    for (const seed of [index, index + 100]) pictures.push((await degrade(seed, level, strength)).jpeg);
  }
  platform = await EmbeddedPlatform.start(home, { TMPDIR: temporary, LOG_LEVEL: 'warn' });
});
afterAll(async () => {
  await platform?.end();
  folder.remove();
});

describe(`${CARDS} cards`, () => {
  it('keep memory, files, threads and processes flat', async () => {
    const marks = new Map<number, Usage[]>();
    const mark = (cards: number) => {
      const usages = measure(platform);
      marks.set(cards, usages);
      console.log(row(`after ${cards} cards`, usages));
    };
    mark(0);
    let next = 0;
    let done = 0;
    const statuses = new Map<number, number>();
    const startedAt = performance.now();
    const work = async () => {
      while (next < CARDS) {
        const picture = pictures[next++ % pictures.length] as Buffer;
        const response = await platform.request('/ktp-ocr/', { method: 'POST', body: imageForm(picture) });
        await response.arrayBuffer();
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        done++;
        if (done === 10 || done % 100 === 0) mark(done);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const seconds = (performance.now() - startedAt) / 1000;
    console.log(`${CARDS} cards in ${seconds.toFixed(0)} s, ${(CARDS / seconds).toFixed(2)} a second`, statuses);
    mark(CARDS);

    // A hard picture may be refused; nothing else.
    expect([...statuses.keys()].every((status) => status === 200 || status === 422)).toBe(true);
    for (const usages of marks.values()) expect(sum(usages, 'rss')).toBeLessThan(BUDGET_MB);
    const warm = marks.get(100) ?? [];
    const end = marks.get(CARDS) ?? [];
    expect(sum(end, 'rss')).toBeLessThan(sum(warm, 'rss') * 1.15);
    expect(end.map(({ name }) => name).sort()).toEqual(warm.map(({ name }) => name).sort());
    expect(sum(end, 'files')).toBeLessThan(sum(warm, 'files') + 20);
    expect(sum(end, 'threads')).toBeLessThan(sum(warm, 'threads') + 10);
    expect(filesUnder(temporary)).toEqual([]);
    expect(filesUnder(join(home, 'blobs'))).toEqual([]);
  });
});
