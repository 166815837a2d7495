import type { Generation } from '../../chat/generation.ts';
import type { StreamView } from '../../chat/stream-log.ts';
import {
  type GenerationOutcome,
  newestGenerations,
  outcomeOf,
  readTranscript,
  type StoredGeneration,
} from '../../storage/chat-sessions.ts';
import { type KeyedRun, readStream } from '../../stream-history/stream-history.ts';
import type { ApiContext } from '../context.ts';
import { type Answer, keptAnswer } from './answer.ts';
import type { LiveStreams } from './live-streams.ts';
import { type DescribedRun, describeRun } from './runs.ts';

/** What finding an answer touches. */
export type SessionContext = Pick<ApiContext, 'config' | 'database' | 'keyring' | 'temporal'>;

export interface RunningAnswer {
  readonly state: 'running';
  readonly generation: Generation;
  readonly run: KeyedRun;
}

export interface EndedAnswer {
  readonly state: 'ended';
  readonly generation: Generation;
  readonly outcome: GenerationOutcome;
  readonly pieces: number;
  readonly finishedAt: Date;
  /** Not before it has passed is a session unknown. */
  readonly expiresAt: Date;
  /** null where its transcript is gone. */
  open(): Promise<Answer | null>;
}

export type SessionAnswer = { readonly state: 'none' } | RunningAnswer | EndedAnswer;

/** A session's last answer, and the ordinal that the next one would have. */
export interface LocatedAnswer {
  readonly last: SessionAnswer;
  readonly nextOrdinal: number;
}

/**
 * Finds a session's last answer, wherever it is: its row says whether it has ended and was stored; else its workflow
 * knows. A row without a run is what a process left that died before it could start one.
 * @throws errors of the database and of the Temporal client
 */
export async function locateAnswer(context: SessionContext, sessionHash: string): Promise<LocatedAnswer> {
  const rows = await newestGenerations(context.database, sessionHash);
  const nextOrdinal = (rows[0]?.generation.ordinal ?? 0) + 1;
  let described: DescribedRun | null | undefined;
  for (const row of rows) {
    if (row.ended) return { last: storedAnswer(context, row.generation, row.ended), nextOrdinal };
    described ??= await describeRun(context, sessionHash);
    if (described?.generation.id !== row.generation.id) continue;
    const { closedAt, generation } = described;
    const run = { ...described.run, dataKey: context.keyring.unwrapDataKey(row.wrappedKey) };
    if (!closedAt) return { last: { state: 'running', generation, run }, nextOrdinal };
    return { last: recordedAnswer(context, generation, await readRun(context, run), closedAt), nextOrdinal };
  }
  return { last: { state: 'none' }, nextOrdinal };
}

/**
 * A run may have its end recorded and not be closed yet: to a new request such an answer is an ended one.
 * @throws errors of the Temporal client
 */
export async function recheckAnswer(
  context: SessionContext,
  streams: LiveStreams,
  answer: RunningAnswer,
): Promise<RunningAnswer | EndedAnswer> {
  const view = streams.find(answer.run.runId)?.view ?? (await readRun(context, answer.run));
  return view.end ? recordedAnswer(context, answer.generation, view, new Date()) : answer;
}

/** A run's stream as far as it is recorded, read from its history. */
export function readRun({ temporal }: Pick<ApiContext, 'temporal'>, run: KeyedRun): Promise<StreamView> {
  const { loadedDataConverter, namespace } = temporal.options;
  return readStream({ connection: temporal.connection, namespace, dataConverter: loadedDataConverter }, run);
}

function storedAnswer(
  { database, keyring }: Pick<ApiContext, 'database' | 'keyring'>,
  generation: Generation,
  ended: NonNullable<StoredGeneration['ended']>,
): EndedAnswer {
  return {
    state: 'ended',
    generation,
    ...ended,
    async open() {
      const view = await readTranscript(database, keyring, generation.id);
      return view && keptAnswer(generation, view, ended.expiresAt);
    },
  };
}

/** Ended, with its transcript still to be stored. */
function recordedAnswer(
  { config }: Pick<ApiContext, 'config'>,
  generation: Generation,
  view: StreamView,
  finishedAt: Date,
): EndedAnswer {
  const keepMs = config.PERSIST_SESSIONS ? config.SESSIONS_TTL_SECONDS * 1000 : 0;
  const expiresAt = new Date(finishedAt.getTime() + keepMs);
  return {
    state: 'ended',
    generation,
    outcome: outcomeOf(view),
    pieces: view.pieces.length,
    finishedAt,
    expiresAt,
    open: async () => keptAnswer(generation, view, expiresAt),
  };
}
