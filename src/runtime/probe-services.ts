import { Connection } from '@temporalio/client';
import type { Config } from '../config.ts';
import { Keyring } from '../encryption/keyring.ts';
import { temporalSecurity } from '../encryption/temporal-security.ts';
import { apiRoot } from '../inference/openai-compatible/base-url.ts';
import { answersDatabase } from '../storage/database.ts';
import { openBlobs } from './roles/open-blobs.ts';

const PROBE_MS = 5_000;

/** A service that a variable names, tried once from here. */
export interface ProbedService {
  readonly setting: 'TEMPORAL_ADDRESS' | 'DATABASE_URL' | 'BLOB_URL' | 'VLM_BASE_URL';
  /**
   * What kept it from answering as it must, in one line without secrets of ours (an address may stand in it); null: it
   * works.
   */
  readonly fault: string | null;
}

/** Tries each service that the configuration names, all at once, for at most five seconds; changes nothing in them. */
export async function probeServices(config: Config): Promise<ProbedService[]> {
  const probes: [ProbedService['setting'], unknown, () => Promise<unknown>][] = [
    ['TEMPORAL_ADDRESS', config.TEMPORAL_ADDRESS, () => describeNamespace(config)],
    ['DATABASE_URL', config.DATABASE_URL, () => answersDatabase(config.DATABASE_URL ?? '', PROBE_MS)],
    // A folder is judged as the data folder is: by whether it can be written.
    ['BLOB_URL', config.BLOB_URL?.startsWith('s3:'), () => findBucket(config)],
    ['VLM_BASE_URL', config.VLM_BASE_URL, () => listModels(config)],
  ];
  const named = probes.filter(([, isNamed]) => isNamed);
  return Promise.all(named.map(async ([setting, , probe]) => ({ setting, fault: await faultOf(probe) })));
}

async function faultOf(probe: () => Promise<unknown>): Promise<string | null> {
  const late = AbortSignal.timeout(PROBE_MS);
  const tooLate = new Promise<string>((resolve) => {
    late.addEventListener('abort', () => resolve(`no answer within ${PROBE_MS / 1000} s`), { once: true });
  });
  return Promise.race([probe().then(() => null, firstCause), tooLate]);
}

/** What went wrong in the first place: clients wrap it once or twice in sentences of their own. */
function firstCause(error: unknown): string {
  let cause = error;
  for (let depth = 0; depth < 5 && cause instanceof Error && cause.cause instanceof Error; depth++) cause = cause.cause;
  if (cause instanceof AggregateError && cause.errors.length > 0) return firstCause(cause.errors[0]);
  if (!(cause instanceof Error)) return 'it could not be reached';
  const [line = ''] = (cause.message || cause.name).split('\n');
  return line;
}

async function describeNamespace(config: Config): Promise<void> {
  const connection = await Connection.connect({
    address: config.TEMPORAL_ADDRESS ?? '',
    ...temporalSecurity(config),
    connectTimeout: PROBE_MS,
  });
  try {
    await connection.workflowService.describeNamespace({ namespace: config.TEMPORAL_NAMESPACE });
  } finally {
    await connection.close();
  }
}

async function findBucket(config: Config): Promise<void> {
  if (config.ENCRYPTION_KEYS.length === 0) throw new Error('ENCRYPTION_KEYS is needed with it');
  const blobs = await openBlobs(config, new Keyring(config.ENCRYPTION_KEYS));
  await blobs.check();
}

async function listModels({ VLM_BASE_URL: base = '', VLM_API_KEY: key }: Config): Promise<void> {
  const response = await fetch(`${apiRoot(base)}/models`, {
    headers: key ? { authorization: `Bearer ${key}` } : {},
    signal: AbortSignal.timeout(PROBE_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`it answers ${response.status} to GET /v1/models`);
}
