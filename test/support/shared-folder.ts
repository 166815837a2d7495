import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Vitest global setup: a folder for what files that share a process share, and that nothing but its end removes. */
export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'ktpflow-shared-'));
  process.env.KTPFLOW_TEST_SHARED_FOLDER = folder;
  return async () => {
    delete process.env.KTPFLOW_TEST_SHARED_FOLDER;
    // A server that ends with the process of its tests may be writing its last words.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  };
}
