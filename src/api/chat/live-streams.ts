import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import type { Generation } from '../../chat/generation.ts';
import { readTranscript } from '../../storage/chat-sessions.ts';
import type { KeyedRun } from '../../stream-history/stream-history.ts';
import type { RouteContext } from '../context.ts';
import type { Answer } from './answer.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { LiveStream } from './live-stream.ts';
import { createStreamConnection } from './stream-connection.ts';

const CLOSING_MS = 3_000;
const LOOK_AGAIN_MS = 20;

/** What following streams touches. */
export type FollowContext = Pick<
  RouteContext,
  'config' | 'database' | 'keyring' | 'logger' | 'metrics' | 'shortened' | 'temporal'
>;

/** The streams that this process follows: one long poll each, however many readers it has. */
export class LiveStreams {
  readonly #context: FollowContext;
  readonly #connection: Connection;
  readonly #leases: LeaseKeeper;
  readonly #streams = new Map<string, LiveStream>();

  constructor(context: FollowContext) {
    this.#context = context;
    this.#connection = createStreamConnection(context.config);
    this.#leases = new LeaseKeeper(context.temporal);
  }

  /** This process, as workflows know it. */
  get holder(): string {
    return this.#leases.holder;
  }

  /** The stream of that run, where somebody reads it here. */
  find(runId: string): LiveStream | undefined {
    return this.#streams.get(runId);
  }

  /** Reads a stream from its start. @param told the run was started by this process, for this reader */
  join(generation: Generation, run: KeyedRun, told = false): Answer {
    const stream = this.#streams.get(run.runId) ?? this.#follow(generation, run);
    if (stream.readers++ === 0) this.#leases.hold(run, told);
    const ttlMs = this.#context.config.SESSIONS_TTL_SECONDS * 1000;
    return {
      generation,
      get view() {
        return stream.view;
      },
      get expiresAt() {
        return stream.closedAt && new Date(stream.closedAt.getTime() + ttlMs);
      },
      changed: (signal) => stream.changed(signal),
      leave: () => this.#leave(stream),
    };
  }

  /** To be called when the process is asked to stop: the readers are about to be told so, and to leave. */
  async close(): Promise<void> {
    const patience = AbortSignal.timeout(CLOSING_MS);
    while (this.#streams.size > 0 && !patience.aborted) await sleep(LOOK_AGAIN_MS);
    await this.#leases.settled(patience);
    for (const stream of this.#streams.values()) stream.stop();
    await this.#connection.close();
  }

  #follow(generation: Generation, run: KeyedRun): LiveStream {
    const { database, keyring, logger, metrics, temporal } = this.#context;
    const { loadedDataConverter, namespace } = temporal.options;
    const stream = new LiveStream({
      source: { connection: this.#connection, namespace, dataConverter: loadedDataConverter },
      generation,
      run,
      readTranscript: () => readTranscript(database, keyring, generation.id),
      onFault: (error) => logger.error('chat.stream.failed', { error }),
      onLag: metrics.streamLag,
    });
    this.#streams.set(run.runId, stream);
    metrics.setLiveStreams(this.#streams.size);
    return stream;
  }

  #leave(stream: LiveStream): void {
    if (--stream.readers > 0) return;
    this.#streams.delete(stream.run.runId);
    this.#context.metrics.setLiveStreams(this.#streams.size);
    stream.stop();
    const { end } = stream.view;
    if (end?.type === 'finish' && end.context) {
      this.#context.shortened.last = { at: new Date().toISOString(), ...end.context };
    }
    if (end) this.#leases.forget(stream.run);
    else this.#leases.release(stream.run);
  }
}
