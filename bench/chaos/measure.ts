import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
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

/** Objects in the store, images of cards that are still to be read or were forgotten. */
export function storedObjects({ folder }: LocalCluster): number {
  const entries = readdirSync(join(folder, 's3'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && /^[0-9a-f]{32}$/.test(entry.name)).length;
}

function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

const sum = (values: readonly number[]) => values.reduce((one, other) => one + other, 0);
