import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../../src/runtime/processes/free-port.ts';
import { retryWithinDeadline } from '../../../src/runtime/roles/retry-interceptor.ts';

const deadServer = async () =>
  Connection.lazy({ address: `127.0.0.1:${await freePort('127.0.0.1')}`, interceptors: [retryWithinDeadline] });

describe('retryWithinDeadline', () => {
  it('gives up at the deadline of the call, not a back-off later', async () => {
    const connection = await deadServer();
    const startedAt = performance.now();
    const call = connection.withDeadline(Date.now() + 1_000, () => connection.workflowService.getSystemInfo({}));
    await expect(call).rejects.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(1_300);
    await connection.close();
  });

  it('lets no retry end the process once the connection is closed', async () => {
    const connection = await deadServer();
    connection.workflowService.getSystemInfo({}).catch(() => undefined);
    await sleep(50);
    await connection.close();
    // The first retries are due within this; an exception in their timers would fail the run.
    await sleep(800);
  });
});
