import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;
type History = proto.temporal.api.history.v1.IHistory;

const FOLDER = new URL('../fixtures/histories/', import.meta.url);

/** The key of all test platforms: recorded histories must open in later runs. It protects nothing but specimens. */
export const TEST_ENCRYPTION_KEYS = `test:${Buffer.alloc(32, 7).toString('base64')}`;

/**
 * Keeps the history of a finished run as a fixture, for test/integration/replay.test.ts, when RECORD_HISTORIES=1 is
 * set: `RECORD_HISTORIES=1 npx vitest run test/integration`. Histories are recorded anew only for new roads through
 * a workflow: the old ones are what running workflows in the field look like.
 */
export async function recordHistory(name: string, handle: WorkflowHandle): Promise<void> {
  if (process.env.RECORD_HISTORIES !== '1') return;
  const history = await handle.fetchHistory();
  await writeFile(new URL(`${name}.binpb`, FOLDER), History.encode(history).finish());
}

/** All recorded histories by name. */
export async function recordedHistories(): Promise<{ name: string; history: History }[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.binpb')).sort();
  return Promise.all(
    names.map(async (name) => ({
      name: name.replace('.binpb', ''),
      history: History.decode(await readFile(new URL(name, FOLDER))),
    })),
  );
}
