import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { AbortScope } from '../../src/abort-scope.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('AbortScope', () => {
  it('times out also while garbage is collected', async () => {
    const ended: unknown[] = [];
    const wait = async () => {
      using scope = new AbortScope([new AbortController().signal], 100);
      const { signal } = scope;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      ended.push(signal.reason);
    };
    const all = Array.from({ length: 50 }, wait);
    for (let round = 0; round < 15; round++) {
      collectGarbage();
      await sleep(10);
    }
    await Promise.all(all);
    expect(ended.map((reason) => (reason as Error).name)).toEqual(ended.map(() => 'TimeoutError'));
    expect(ended).toHaveLength(50);
  }, 60_000);

  it('is aborted by each of its sources, with its reason, and by one that was aborted before', () => {
    const [first, second] = [new AbortController(), new AbortController()];
    using scope = new AbortScope([first.signal, undefined, second.signal]);
    second.abort('second');
    first.abort('first');
    using late = new AbortScope([second.signal], 1_000);
    expect([scope.signal.reason, late.signal.reason, late.timedOut]).toEqual(['second', 'second', false]);
  });

  it('leaves nothing on a signal that lives as long as the process', async () => {
    const closing = new AbortController();
    const use = (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        using scope = new AbortScope([closing.signal], 60_000);
        // Temporal's client never takes its listener back.
        scope.signal.addEventListener('abort', () => rounds);
      }
    };
    use(1_000);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    use(20_000);
    await sleep(0);
    collectGarbage();
    const perUse = (process.memoryUsage().heapUsed - before) / 20_000;
    expect(perUse).toBeLessThan(100);
    expect(getEventListeners(closing.signal, 'abort')).toEqual([]);
  });

  it('says whether the time was over first', async () => {
    using scope = new AbortScope([], 5);
    await sleep(20);
    expect([scope.timedOut, scope.signal.aborted]).toEqual([true, true]);
  });
});
