import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  EmbeddedPlatform,
  exampleImage,
  exampleTruth,
  type PartName,
  temporaryFolder,
} from '../e2e/embedded-platform.ts';
import { expectReadOnce } from '../e2e/histories.ts';

/** Longer than the heartbeat and the workflow task allow, shorter than a person's patience. */
const FROZEN_MS = 8000;

const folder = temporaryFolder();
let platform: EmbeddedPlatform;

beforeAll(async () => {
  platform = await EmbeddedPlatform.start(join(folder.path, 'home'), { LOG_LEVEL: 'warn' });
});
afterAll(async () => {
  await platform?.end();
  folder.remove();
});

describe('a frozen process', () => {
  const parts: PartName[] = ['ktpflow-inference', 'temporal', 'ktpflow-api'];
  it.each(parts)('%s: the cards are read once when it thaws', async (name) => {
    const ids: string[] = [];
    for (let card = 0; card < 3; card++) ids.push(await platform.submit(exampleImage(1)));
    await platform.running(ids[0] ?? '');
    const frozen = platform.part(name);
    process.kill(frozen.pid, 'SIGSTOP');
    await delay(FROZEN_MS);
    process.kill(frozen.pid, 'SIGCONT');
    const startedAt = performance.now();
    for (const id of ids) {
      const job = await platform.finished(id);
      expect(job).toMatchObject({ status: 'succeeded', result: { compat: { nik: exampleTruth(1).nik } } });
    }
    console.log(`${name} thawed, all there after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    await expectReadOnce(platform, ids);
    expect(platform.part(name)).toEqual(frozen);
    await platform.readyAgain();
  });

  it('inference: /readyz says so, and a card is cancelled nevertheless', async () => {
    const id = await platform.submit(exampleImage(1));
    await platform.running(id);
    const frozen = platform.part('ktpflow-inference');
    process.kill(frozen.pid, 'SIGSTOP');
    try {
      const cancelled = await platform.request(`/v1/ktp/extractions/${id}/cancel`, { method: 'POST' });
      expect(cancelled.status).toBe(200);
      const job = await platform.finished(id, 20_000);
      expect(job.status).toBe('cancelled');
      await expect.poll(async () => (await platform.request('/readyz')).status, { timeout: 15_000 }).toBe(503);
    } finally {
      process.kill(frozen.pid, 'SIGCONT');
    }
    await platform.readyAgain();
    const next = await platform.submit(exampleImage(1));
    expect((await platform.finished(next)).status).toBe('succeeded');
    expect((await platform.job(id)).status).toBe('cancelled');
  });

  it('the supervisor: the others work on, and it still stops them', async () => {
    platform.kill('SIGSTOP');
    const id = await platform.submit(exampleImage(1));
    expect((await platform.finished(id)).status).toBe('succeeded');
    platform.kill('SIGCONT');
    platform.kill('SIGINT');
    expect(await platform.ended()).toBe(0);
    expect(platform.tree()).toEqual([]);
  });
});
