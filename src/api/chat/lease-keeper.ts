import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { LEASE_RENEWAL_MS, leaseSignal } from '../../contract/chat-workflow.ts';
import type { StreamRun } from '../../stream-history/stream-history.ts';
import { isTemporalNotFound } from '../../temporal-errors.ts';

const SIGNAL_DEADLINE_MS = 5_000;
const RETRY_MS = 500;

interface Lease {
  readonly run: StreamRun;
  wanted: boolean;
  /** What the workflow was told last. */
  told: boolean;
  telling: boolean;
}

/**
 * Tells workflows whether this process has readers of their streams: the disconnect rule's clock is theirs, so that it
 * runs whatever becomes of this process.
 */
export class LeaseKeeper {
  /** This process, for the workflows. */
  readonly holder = `api-${randomBytes(8).toString('hex')}`;
  readonly #temporal: Client;
  readonly #leases = new Map<string, Lease>();
  readonly #renewal: NodeJS.Timeout;

  constructor(temporal: Client) {
    this.#temporal = temporal;
    this.#renewal = setInterval(() => this.#renew(), LEASE_RENEWAL_MS).unref();
  }

  /** A stream has its first reader here. @param told the workflow knows, since it was started for that reader */
  hold(run: StreamRun, told: boolean): void {
    const lease = this.#leases.get(run.runId) ?? { run, wanted: true, told, telling: false };
    lease.wanted = true;
    this.#leases.set(run.runId, lease);
    void this.#tell(lease);
  }

  /** A stream has lost its last reader here. */
  release(run: StreamRun): void {
    const lease = this.#leases.get(run.runId);
    if (!lease) return;
    lease.wanted = false;
    void this.#tell(lease);
  }

  /** A stream has ended: nobody needs to be told. */
  forget(run: StreamRun): void {
    this.#leases.delete(run.runId);
  }

  /** Resolves when every workflow knows, or the signal is aborted. */
  async settled(signal: AbortSignal): Promise<void> {
    clearInterval(this.#renewal);
    while (!signal.aborted && [...this.#leases.values()].some(({ told, wanted }) => told !== wanted)) {
      await sleep(20, undefined, { signal }).catch(() => undefined);
    }
  }

  #renew(): void {
    for (const lease of this.#leases.values()) {
      if (!lease.wanted) continue;
      lease.told = false;
      void this.#tell(lease);
    }
  }

  async #tell(lease: Lease): Promise<void> {
    if (lease.telling) return;
    lease.telling = true;
    while (lease.told !== lease.wanted && this.#leases.get(lease.run.runId) === lease) {
      const held = lease.wanted;
      try {
        await this.#signal(lease.run, held);
        lease.told = held;
      } catch (error) {
        if (isTemporalNotFound(error)) this.forget(lease.run);
        else await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
    lease.telling = false;
    if (!lease.wanted && this.#leases.get(lease.run.runId) === lease) this.forget(lease.run);
  }

  #signal(run: StreamRun, held: boolean): Promise<void> {
    const handle = this.#temporal.workflow.getHandle(run.workflowId, run.runId);
    const lease = { holder: this.holder, held };
    return this.#temporal.withDeadline(Date.now() + SIGNAL_DEADLINE_MS, () => handle.signal(leaseSignal, lease));
  }
}
