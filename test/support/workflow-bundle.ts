import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

/** Vitest global setup: the workflows as they stand in src/, bundled once for all files that run workers. */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  // Another project of this run has done it.
  if (process.env.KTPFLOW_TEST_WORKFLOW_BUNDLE) return undefined;
  const source = (path: string) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
  const ignore = () => undefined;
  const { code } = await bundleWorkflowCode({
    workflowsPath: source('workflows/index.ts'),
    workflowInterceptorModules: [source('workflows/pass-trace-on.ts')],
    failureConverterPath: source('worker/failure-converter.ts'),
    logger: { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: console.warn, error: console.error },
  });
  const folder = await mkdtemp(join(tmpdir(), 'ktpflow-bundle-'));
  const path = join(folder, 'workflow-bundle.js');
  await writeFile(path, code);
  process.env.KTPFLOW_TEST_WORKFLOW_BUNDLE = path;
  return async () => {
    delete process.env.KTPFLOW_TEST_WORKFLOW_BUNDLE;
    await rm(folder, { recursive: true, force: true });
  };
}
