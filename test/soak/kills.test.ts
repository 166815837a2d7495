import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLineOf } from '../../src/runtime/processes/process-identity.ts';
import { Random } from '../../tools/make-cards/random.ts';
import { EmbeddedPlatform, exampleImage, exampleTruth, temporaryFolder } from '../e2e/embedded-platform.ts';
import { expectReadOnce } from '../e2e/histories.ts';
import { filesUnder } from '../e2e/traces.ts';
import { nameOf } from './measure.ts';

const ROUNDS = Number(process.env.SOAK_ROUNDS ?? 20);
const CARDS = 3;
const LONGEST_WAIT_MS = 2500;

const folder = temporaryFolder();
const home = join(folder.path, 'home');
const random = new Random(process.env.SOAK_SEED ?? '1');
let platform: EmbeddedPlatform;

beforeAll(async () => {
  platform = await EmbeddedPlatform.start(home, { LOG_LEVEL: 'warn' });
});
afterAll(async () => {
  await platform?.end();
  folder.remove();
});

/** Hands in a card however often the API goes away; what is not acknowledged is not counted. */
async function submitted(): Promise<string> {
  for (;;) {
    try {
      return await platform.submit(exampleImage(1));
    } catch {
      await delay(100);
    }
  }
}

/** Kills one of the platform's processes, whichever; the supervisor is started again at once. */
async function killSomething(): Promise<string> {
  const tree = platform.tree();
  const victim = random.pick(tree);
  const name = nameOf(commandLineOf(victim.pid) ?? '');
  process.kill(victim.pid, 'SIGKILL');
  if (victim.pid !== platform.child.pid) return name;
  platform = await EmbeddedPlatform.start(home, { LOG_LEVEL: 'warn' });
  return name;
}

describe(`${ROUNDS} rounds of kill -9 of a random process while cards are being read`, () => {
  it('every acknowledged card succeeds, exactly once', async () => {
    const all: string[] = [];
    const times = new Map<string, number[]>();
    for (let round = 0; round < ROUNDS; round++) {
      const ids: string[] = [];
      for (let card = 0; card < CARDS; card++) ids.push(await submitted());
      await delay(random.next() * LONGEST_WAIT_MS);
      const startedAt = performance.now();
      const name = await killSomething();
      ids.push(await submitted());
      for (const id of ids) {
        const job = await platform.finished(id);
        expect(job).toMatchObject({ status: 'succeeded', error: null });
        expect(job.result?.fields.nik?.value).toBe(exampleTruth(1).nik);
      }
      const seconds = (performance.now() - startedAt) / 1000;
      times.set(name, [...(times.get(name) ?? []), seconds]);
      console.log(`round ${round + 1}: ${name} killed, ${ids.length} cards there after ${seconds.toFixed(1)} s`);
      all.push(...ids);
    }
    await platform.readyAgain();
    await expectReadOnce(platform, all);
    for (const id of all) expect((await platform.job(id)).status).toBe('succeeded');
    await expect.poll(() => filesUnder(join(home, 'blobs')).length, { timeout: 10_000 }).toBe(0);
    for (const [name, seconds] of times) {
      console.log(`${name}: ${seconds.map((value) => value.toFixed(1)).join(' ')} s`);
    }
  });
});
