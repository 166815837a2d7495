import { KtpflowError } from '../../errors.ts';
import type { ApiContext } from '../context.ts';
import { isDatabaseConnected, isTemporalConnected } from './checks.ts';
import { type EngineReadiness, engineReadiness } from './engine-readiness.ts';

export interface Readiness {
  readonly temporal: boolean;
  readonly database: boolean;
  readonly engines: readonly EngineReadiness[];
}

const FRESH_MS = 1_000;

/** Checks everything at once; asked often, it answers from what it found up to a second ago. */
export function createReadiness(context: ApiContext): () => Promise<Readiness> {
  let last: { readonly at: number; readonly readiness: Promise<Readiness> } | undefined;
  return () => {
    if (!last || Date.now() - last.at >= FRESH_MS) last = { at: Date.now(), readiness: check(context) };
    return last.readiness;
  };
}

async function check(context: ApiContext): Promise<Readiness> {
  const [temporal, database, engines] = await Promise.all([
    isTemporalConnected(context),
    isDatabaseConnected(context),
    engineReadiness(context),
  ]);
  return { temporal, database, engines };
}

/** Why nothing can be served now, undefined when it can. */
export function unreadiness({ temporal, database, engines }: Readiness): KtpflowError | undefined {
  if (!temporal) return new KtpflowError('temporal_unavailable', 'The workflow service cannot be reached right now.');
  if (!database) return new KtpflowError('database_unavailable', 'The database cannot be reached right now.');
  if (!engines.some((engine) => engine.ready)) {
    return new KtpflowError('model_not_ready', 'No engine is ready to read a card yet.');
  }
  return undefined;
}
