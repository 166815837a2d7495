import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isRunning, ownIdentity } from '../processes/process-identity.ts';

/** Where the server of a home listens, so that the command line finds it on any port and address. */
const recordSchema = z.object({
  /** `http://HOST:PORT`, as it listens. */
  url: z.url(),
  supervisor: z.object({ pid: z.number(), startedAt: z.string() }),
});

const pathIn = (home: string): string => join(home, 'server.json');

/** Written by the supervisor once its API listens. */
export async function writeServerRecord(home: string, url: string): Promise<void> {
  const path = pathIn(home);
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, JSON.stringify({ url, supervisor: ownIdentity() }), { mode: 0o600 });
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

export async function removeServerRecord(home: string): Promise<void> {
  await rm(pathIn(home), { force: true });
}

/** The address of the home's server; null: none runs, or it does not listen yet. */
export async function readServerRecord(home: string): Promise<string | null> {
  try {
    const { url, supervisor } = recordSchema.parse(JSON.parse(await readFile(pathIn(home), 'utf8')));
    return isRunning(supervisor) ? url : null;
  } catch {
    return null;
  }
}
