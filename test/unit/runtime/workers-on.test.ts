import type { NativeConnection, Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { workersOn } from '../../../src/runtime/roles/keep-working.ts';
import { allOrNone } from '../../../src/worker/all-or-none.ts';

/** Counts how often it was closed; a real one takes a server. */
function countingConnection(close: () => Promise<void> = async () => undefined) {
  const state = { closed: 0 };
  const connection = {
    close() {
      state.closed++;
      return close();
    },
  } as unknown as NativeConnection;
  return { state, connection };
}

describe('workers that cannot be made', () => {
  it('do not leave their connection open: 17,000 a day were, with a key that may not make the schedule', async () => {
    const { connection, state } = countingConnection();
    const refused = new Error('permission denied');
    await expect(workersOn(connection, () => Promise.reject(refused))).rejects.toBe(refused);
    expect(state.closed).toBe(1);
  });

  it('say why, even where closing fails, too', async () => {
    const { connection } = countingConnection(() => Promise.reject(new Error('in use by a worker')));
    await expect(workersOn(connection, () => Promise.reject(new Error('the reason')))).rejects.toThrow('the reason');
  });

  it('give back what the others hold of it: the SDK closes no connection of a worker that never ran', async () => {
    const holders = new Set(['first', 'late']);
    const worker = (name: string) => {
      const runUntil = async () => void holders.delete(name);
      return { runUntil } as unknown as Worker;
    };
    const late = new Promise<Worker>((resolve) => setTimeout(() => resolve(worker('late')), 20));
    const { connection, state } = countingConnection(async () => {
      if (holders.size > 0) throw new Error('in use by a worker');
    });
    const refused = new Error('no bundle');
    const make = () => allOrNone([Promise.resolve(worker('first')), Promise.reject(refused), late]);
    await expect(workersOn(connection, make)).rejects.toBe(refused);
    expect([state.closed, holders.size]).toEqual([1, 0]);
  });

  it('leave the connection to those that were made', async () => {
    const { connection, state } = countingConnection();
    expect(await workersOn(connection, async () => [])).toEqual({ connection, workers: [] });
    expect(state.closed).toBe(0);
  });
});
