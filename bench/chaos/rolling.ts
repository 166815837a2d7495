import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from './client.ts';
import type { Scene } from './faults.ts';

/** As deployments are rolled out: one after another, the next when the one before serves. */
export const OURS = ['worker-1', 'worker-2', 'inference-1', 'inference-2', 'api-1', 'api-2'] as const;
const SETTLE_MS = 3_000;

/**
 * Restarts every service of ours under load, so many times, and nginx by a reload.
 * @returns the answers meanwhile that were no success
 */
export async function rollThrough(
  { cluster }: Scene,
  client: Client,
  rounds: number,
  say: (line: string) => void,
): Promise<string[]> {
  const before = new Map(client.answers);
  const breaksBefore = client.breaks.length;
  for (let round = 1; round <= rounds; round++) {
    for (const name of OURS) {
      const service = cluster.service(name);
      const begun = Date.now();
      await service.stop();
      const stopped = (Date.now() - begun) / 1000;
      await service.start();
      await service.ready();
      say(
        `${round}: ${name} stopped in ${stopped.toFixed(1)} s, serves after ${((Date.now() - begun) / 1000).toFixed(1)} s`,
      );
      await sleep(SETTLE_MS);
    }
    cluster.service('nginx').signal('SIGHUP');
    say(`${round}: nginx takes its configuration anew (${new Date().toISOString()})`);
    await sleep(SETTLE_MS);
  }
  const answers = [...client.answers]
    .map(([answer, count]) => [answer, count - (before.get(answer) ?? 0)] as const)
    .filter(([answer, count]) => !answer.startsWith('2') && count > 0)
    .map(([answer, count]) => `${answer}: ${count}`);
  return [...answers, ...client.breaks.slice(breaksBefore)];
}
