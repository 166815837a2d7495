import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EmbeddedPlatform, exampleImage, temporaryFolder } from '../e2e/embedded-platform.ts';
import { withTemporal } from '../e2e/histories.ts';
import { filesUnder } from '../e2e/traces.ts';
import { createHome } from '../support/database-template.ts';

const folder = temporaryFolder();
const home = join(folder.path, 'home');
let platform: EmbeddedPlatform;

beforeAll(async () => {
  await createHome(home);
  // Nine seconds.
  platform = await EmbeddedPlatform.start(home, { RETENTION_DAYS: '0.0001' });
});
afterAll(async () => {
  await platform?.end();
  folder.remove();
});

it('an extraction is gone after its time, with its image', async () => {
  const blobs = () => filesUnder(join(home, 'blobs'));
  const id = await platform.submit(exampleImage(1), { store_image: true });
  const { expires_at: expiresAt } = await platform.job(id);
  expect(blobs()).toHaveLength(1);
  const status = async () => (await platform.request(`/v1/ktp/extractions/${id}`)).status;
  await expect.poll(status, { timeout: 30_000, interval: 200 }).toBe(404);
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
  await withTemporal(platform, (client) => client.schedule.getHandle('retention').trigger());
  await expect.poll(blobs, { timeout: 15_000 }).toEqual([]);
});
