import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { SharedCounts } from '../../../src/api/batches/shared-counts.ts';
import type { Database } from '../../../src/storage/database.ts';

const row = { batch: 'batch_1', status: 'queued', items: 3, in_run: 0 };

it('many who watch a batch cost one count a second, not one each', async () => {
  let queries = 0;
  const query = async () => {
    queries++;
    return [row];
  };
  const counts = new SharedCounts({ $queryRaw: query } as unknown as Database);
  const all = await Promise.all(Array.from({ length: 50 }, () => counts.of('batch_1')));
  expect(all.every((count) => count?.queued === 3)).toBe(true);
  await counts.of('batch_1');
  expect(queries).toBe(1);
  await sleep(900);
  await counts.of('batch_1');
  expect(queries).toBe(2);
});

it('a count that failed is not kept', async () => {
  let fails = true;
  const query = async () => {
    if (fails) throw new Error('gone');
    return [row];
  };
  const counts = new SharedCounts({ $queryRaw: query } as unknown as Database);
  await expect(counts.of('batch_1')).rejects.toThrow('gone');
  fails = false;
  expect((await counts.of('batch_1'))?.queued).toBe(3);
});
