import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  EmbeddedPlatform,
  exampleImage,
  jsonRequest,
  type PartName,
  temporaryFolder,
} from '../e2e/embedded-platform.ts';
import { createHome } from '../support/database-template.ts';

const BATCHES = '/v1/ktp/batches';
const CARDS = 8;

interface Batch {
  readonly id: string;
  readonly finished_at: string | null;
  readonly counts: { readonly succeeded: number };
}

const folder = temporaryFolder();
const home = join(folder.path, 'home');
let platform: EmbeddedPlatform;

beforeAll(async () => {
  await createHome(home);
  platform = await EmbeddedPlatform.start(home, { LOG_LEVEL: 'warn' });
});
afterAll(async () => {
  await platform?.end();
  folder.remove();
});

const batch = async (id: string) => (await (await platform.request(`${BATCHES}/${id}`)).json()) as Batch;

it('a batch loses and repeats nothing while process after process is killed', async () => {
  const image = exampleImage(1).toString('base64');
  const items = Array.from({ length: CARDS }, (_, index) => ({ image_base64: image, custom_id: `c${index}` }));
  const created = await platform.request(BATCHES, jsonRequest({ items }));
  expect(created.status).toBe(202);
  const { id } = (await created.json()) as Batch;
  const parts: (PartName | 'ktpflow')[] = ['ktpflow-inference', 'temporal', 'ktpflow-api', 'ktpflow'];
  for (const name of parts) {
    await expect.poll(async () => (await batch(id)).counts.succeeded, { interval: 50 }).toBeGreaterThan(0);
    if (name !== 'ktpflow') process.kill(platform.part(name).pid, 'SIGKILL');
    else {
      platform.kill('SIGKILL');
      platform = await EmbeddedPlatform.start(home, { LOG_LEVEL: 'warn' });
    }
    await platform.readyAgain();
  }
  const seen = async () => (await batch(id)).finished_at;
  await expect.poll(seen, { timeout: 180_000, interval: 250 }).not.toBe(null);
  const counts = { total: CARDS, succeeded: CARDS, failed: 0 };
  expect(await batch(id)).toMatchObject({ status: 'completed', counts });
  const lines = (await (await platform.request(`${BATCHES}/${id}/results`)).text()).trim().split('\n');
  const ids = lines.map((line) => JSON.parse(line).custom_id);
  expect(ids).toEqual(Array.from({ length: CARDS }, (_, index) => `c${index}`));
}, 400_000);
