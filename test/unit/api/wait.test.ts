import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { waitForEnd } from '../../../src/api/extractions/wait.ts';
import type { Database } from '../../../src/storage/database.ts';
import { StoredOutcomes } from '../../../src/storage/stored-outcomes.ts';

/** A client whose long poll for a workflow's end answers when it is told to, or is aborted. */
function pollingClient() {
  let end = (): void => undefined;
  let fail = (_: Error): void => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  const polls = { open: 0 };
  const client = {
    workflow: { getHandle: () => ({ result: () => ended }) },
    async withAbortSignal(signal: AbortSignal, call: () => Promise<void>) {
      polls.open++;
      const aborted = new Promise<void>((_, abort) => signal.addEventListener('abort', () => abort(signal.reason)));
      await Promise.race([call(), aborted]).finally(() => polls.open--);
    },
  };
  return { temporal: client as unknown as Client, polls, end, fail };
}

const single = { id: 'ext_1', batchId: null };
// A single extraction's wait never looks at rows.
const database = {} as Database;

const waitFor = (temporal: Client, outcomes = new StoredOutcomes(), { signal } = new AbortController()) =>
  waitForEnd({ database, outcomes, temporal }, single, signal);

describe('waiting for an extraction', () => {
  it('ends with the outcome that this process has stored, and leaves no poll behind', async () => {
    const { polls, temporal } = pollingClient();
    const outcomes = new StoredOutcomes();
    const waiting = waitFor(temporal, outcomes);
    outcomes.announce('ext_2');
    expect(polls.open).toBe(1);
    outcomes.announce('ext_1');
    expect(await waiting).toBe(true);
    await expect.poll(() => polls.open).toBe(0);
  });

  it('ends with the workflow where another process stores the outcome', async () => {
    const { end, temporal } = pollingClient();
    const waiting = waitFor(temporal);
    end();
    expect(await waiting).toBe(true);
  });

  it('ends where the workflow is not there any more', async () => {
    const { fail, temporal } = pollingClient();
    const waiting = waitFor(temporal);
    fail(new WorkflowNotFoundError('gone', 'extract-ext_1', undefined));
    expect(await waiting).toBe(true);
  });

  it('says that it has not ended when the caller gives up', async () => {
    const { polls, temporal } = pollingClient();
    const giveUp = new AbortController();
    const waiting = waitFor(temporal, new StoredOutcomes(), giveUp);
    giveUp.abort();
    expect(await waiting).toBe(false);
    expect(polls.open).toBe(0);
  });
});
