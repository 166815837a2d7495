import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { LocalCluster } from '../../deploy/local-cluster/cluster.ts';
import { residentMegabytes } from '../process-usage.ts';

export interface Footprint {
  readonly megabytes: number;
  readonly handles: number;
}

/** Resident memory and open files of each of our processes; Linux only. */
export function footprints({ services }: LocalCluster): Map<string, Footprint> {
  const found = new Map<string, Footprint>();
  for (const [name, service] of services) {
    if (!/-\d$/.test(name)) continue;
    const pids = service.pids();
    found.set(name, { megabytes: sum(pids.map(residentMegabytes)), handles: sum(pids.map(openFiles)) });
  }
  return found;
}

/** Files below the temporary folder of all roles, with their bytes. */
export function temporaryFiles({ folder }: LocalCluster): { files: number; bytes: number } {
  const root = join(folder, 'tmp');
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const sizes = entries.map(
    (entry) => statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0,
  );
  return { files: entries.length, bytes: sum(sizes) };
}

export interface StoredObjects {
  /** Of a record that stands: what it is, and how many. */
  readonly named: ReadonlyMap<string, number>;
  /** What no row names, since its request failed or its process died in between: an hour later the sweep takes it. */
  readonly unnamed: number;
}

const NAMES = `
  SELECT 'card ' || status AS what, blob FROM extractions UNION ALL
  SELECT 'review', picture FROM reviews UNION ALL
  SELECT 'batch ' || status, blob FROM batches UNION ALL
  SELECT 'document', blob FROM batch_documents UNION ALL
  SELECT 'chat ' || coalesce(outcome, 'open'), blob FROM chat_generations UNION ALL
  SELECT 'file', blob FROM files UNION ALL
  SELECT 'response', blob FROM responses`;

/** Objects in the store when all work has ended, by the rows that name them. */
export async function storedObjects({ databaseUrl, folder }: LocalCluster): Promise<StoredObjects> {
  const entries = readdirSync(join(folder, 's3'), { recursive: true, withFileTypes: true });
  const objects = entries.filter((entry) => entry.isFile() && /^[0-9a-f]{32}$/.test(entry.name));
  const names = objects.map(({ name }) => name);
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    const sql = `SELECT what, count(*)::int AS count FROM (${NAMES}) AS named WHERE blob = ANY($1) GROUP BY what`;
    const { rows } = await client.query<{ what: string; count: number }>(sql, [names]);
    const named = new Map(rows.map(({ count, what }) => [what, count]));
    return { named, unnamed: names.length - sum([...named.values()]) };
  } finally {
    await client.end();
  }
}

function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

const sum = (values: readonly number[]) => values.reduce((one, other) => one + other, 0);
