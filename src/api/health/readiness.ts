import type { EngineStatus } from '../../contract/engine-status.ts';
import { KtpflowError } from '../../errors.ts';
import type { ApiContext } from '../context.ts';
import { isDatabaseConnected, isStorageWritable, isTemporalConnected } from './checks.ts';
import { engineReadiness } from './engine-readiness.ts';

export interface Readiness {
  readonly temporal: boolean;
  readonly database: boolean;
  readonly storage: boolean;
  readonly engines: readonly EngineStatus[];
}

/** A probe of the engines leaves a record in Temporal; a good answer is believed for a few seconds. */
const ENGINES_FRESH_MS = 4_000;
const FRESH_MS = 500;

/** What the checks ask. */
export type ReadinessContext = Pick<ApiContext, 'blobs' | 'database' | 'temporal'>;

/** Checks everything at once, within 2 s; asked often, it answers from what it has just found. */
export function createReadiness(context: ReadinessContext): () => Promise<Readiness> {
  const engines = remember(
    () => engineReadiness(context),
    (found) => (found.some((engine) => engine.ready) ? ENGINES_FRESH_MS : 0),
  );
  return remember(
    async () => {
      const [temporal, database, storage, found] = await Promise.all([
        isTemporalConnected(context),
        isDatabaseConnected(context),
        isStorageWritable(context),
        engines(),
      ]);
      return { temporal, database, storage, engines: found };
    },
    () => FRESH_MS,
  );
}

/** One run of a check at a time, its answer kept as long as `freshMs` says of it. */
function remember<Answer>(check: () => Promise<Answer>, freshMs: (answer: Answer) => number): () => Promise<Answer> {
  let running: Promise<Answer> | undefined;
  let last: { readonly answer: Answer; readonly until: number } | undefined;
  const run = async (): Promise<Answer> => {
    try {
      const answer = await check();
      last = { answer, until: Date.now() + freshMs(answer) };
      return answer;
    } finally {
      running = undefined;
    }
  };
  return async () => {
    if (last && Date.now() < last.until) return last.answer;
    running ??= run();
    return running;
  };
}

/** Why nothing can be served now, undefined when it can. */
export function unreadiness({ temporal, database, storage, engines }: Readiness): KtpflowError | undefined {
  if (!temporal) return new KtpflowError('temporal_unavailable', 'The workflow service is temporarily unavailable.');
  if (!database) return new KtpflowError('database_unavailable', 'The database is temporarily unavailable.');
  if (!storage)
    return new KtpflowError('storage_unavailable', 'Images cannot be stored right now: the disk is full or fails.');
  if (!engines.some((engine) => engine.ready)) {
    return new KtpflowError('model_not_ready', 'No engine is ready to read a card yet.');
  }
  return undefined;
}
