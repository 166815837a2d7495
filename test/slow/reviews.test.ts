import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  EmbeddedPlatform,
  exampleImage,
  jsonRequest,
  type PartName,
  temporaryFolder,
} from '../e2e/embedded-platform.ts';

const REVIEWS = '/v1/ktp/reviews';
const folder = temporaryFolder();
const home = join(folder.path, 'home');
const environment = { LOG_LEVEL: 'warn' };
let platform: EmbeddedPlatform;

beforeAll(async () => {
  platform = await EmbeddedPlatform.start(home, environment);
});
afterAll(async () => {
  await platform?.end();
  folder.remove();
});

async function waiting(): Promise<string> {
  const id = await platform.submit(exampleImage(1), { review: { mode: 'always', timeout_hours: 168 } });
  await expect.poll(async () => (await platform.job(id, 5)).status, { timeout: 60_000 }).toBe('needs_review');
  return id;
}

/** Sends one decision until it is taken, as the console does. @returns the statuses on the way */
async function decide(id: string, nama: string): Promise<number[]> {
  const statuses: number[] = [];
  for (const deadline = Date.now() + 90_000; Date.now() < deadline; await delay(200)) {
    const body = { outcome: 'confirmed', fields: { nama } };
    const status = await platform.request(`${REVIEWS}/${id}/decide`, jsonRequest(body)).then(
      (response) => response.status,
      () => 0,
    );
    statuses.push(status);
    if (status === 200) return statuses;
  }
  throw new Error(`never taken: ${statuses.join(' ')}`);
}

async function decidedName(id: string): Promise<string | null | undefined> {
  const job = await platform.finished(id);
  expect(job.status).toBe('succeeded');
  expect(job.result?.fields.nama.source).toBe('review');
  return job.result?.fields.nama.value;
}

describe('a card that waits for a reviewer', { timeout: 240_000 }, () => {
  it('is still there after everything was killed and started again, and can be decided', async () => {
    const id = await waiting();
    await platform.end();
    platform = await EmbeddedPlatform.start(home, environment);
    expect(await platform.job(id)).toMatchObject({ status: 'needs_review', review: { status: 'open' } });
    expect((await platform.request(`${REVIEWS}/${id}/picture`)).status).toBe(200);
    await decide(id, 'AFTER THE RESTART');
    expect(await decidedName(id)).toBe('AFTER THE RESTART');
  });

  it.each<PartName>(['ktpflow-api', 'temporal'])('is decided once, although %s is killed meanwhile', async (part) => {
    const ids = [await waiting(), await waiting(), await waiting()];
    const statuses = await Promise.all(
      ids
        .map(async (id, index) => {
          await delay(index * 40);
          return decide(id, `DECIDED ${part.toUpperCase().replace('-', ' ')}`);
        })
        .concat(
          delay(60).then(() => {
            process.kill(platform.part(part).pid, 'SIGKILL');
            return [];
          }),
        ),
    );
    console.log(`${part}: ${statuses.map((each) => each.join(' ')).join(', ')}`);
    for (const id of ids) expect(await decidedName(id)).toBe(`DECIDED ${part.toUpperCase().replace('-', ' ')}`);
    const listed = await (await platform.request(`${REVIEWS}?status=open`)).json();
    expect((listed as { data: unknown[] }).data).toEqual([]);
  });
});
