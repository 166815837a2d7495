import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parentPidOf } from '../../src/runtime/processes/process-identity.ts';
import { EmbeddedPlatform, type PartName } from '../../test/e2e/embedded-platform.ts';
import { cpuSeconds } from '../process-usage.ts';
import { historiesSince, temporalAddress } from './history-cost.ts';

/** The platform that is measured. */
export interface Target {
  readonly address: string;
  /** Address of its Temporal server, where nothing of ours stands before it. */
  readonly temporal: string | undefined;
  /** Processes whose CPU time counts, each with what descends from it. */
  readonly processes: readonly { readonly name: string; readonly pid: () => number }[];
  /** Events and signals that an answer since then has cost on average; undefined where that cannot be told. */
  historyCost(since: Date): Promise<{ readonly events: number; readonly signals: number } | undefined>;
  end(): Promise<void>;
}

const PARTS: readonly PartName[] = ['ktpflow-api', 'ktpflow-inference', 'temporal'];

/** One that is started for it, in a folder. */
export async function startTarget(folder: string, environment: NodeJS.ProcessEnv): Promise<Target> {
  // Not as in tests, where PGlite is compiled quickly instead of well.
  const platform = await EmbeddedPlatform.start(join(folder, 'home'), { NODE_OPTIONS: '', ...environment });
  return {
    address: platform.address,
    temporal: temporalAddress(platform),
    processes: PARTS.map((name) => ({ name, pid: () => platform.part(name).pid })),
    async historyCost(since) {
      const costs = await historiesSince(platform, since);
      const answers = costs.filter(({ isLog }) => !isLog).length;
      const average = (of: 'events' | 'signals') =>
        Math.round(costs.reduce((sum, cost) => sum + cost[of], 0) / answers);
      return { events: average('events'), signals: average('signals') };
    },
    end: () => platform.end(),
  };
}

/** One that runs: several processes, Temporal on PostgreSQL. @param processes `name=pid` */
export function runningTarget(address: string, processes: readonly string[]): Target {
  return {
    address,
    temporal: undefined,
    processes: processes.map((text) => {
      const [name = '', pid] = text.split('=');
      return { name, pid: () => Number(pid) };
    }),
    historyCost: async () => undefined,
    end: async () => {},
  };
}

/** Linux: user and system time so far of a process and of what descends from it. */
export function treeSeconds(root: number): number {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const tree = new Set([root]);
  for (let grown = true; grown; ) {
    const before = tree.size;
    for (const pid of pids) if (tree.has(parentPidOf(pid) ?? -1)) tree.add(pid);
    grown = tree.size > before;
  }
  return [...tree].reduce((sum, pid) => sum + cpuSeconds(pid), 0);
}
