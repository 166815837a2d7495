import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { inputsHash } from '../../scripts/build-inputs.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Vitest global setup: the workflows as they stand in src/, bundled once for all files that run workers; that of the
 * build, where src/ has not changed since.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  // Another project of this run has done it.
  if (process.env.KTPFLOW_TEST_WORKFLOW_BUNDLE) return undefined;
  const builtFrom = await readFile(`${root}dist/.inputs`, 'utf8').catch(() => null);
  if (builtFrom === inputsHash(root)) {
    process.env.KTPFLOW_TEST_WORKFLOW_BUNDLE = `${root}dist/workflow-bundle.js`;
    return async () => {
      delete process.env.KTPFLOW_TEST_WORKFLOW_BUNDLE;
    };
  }
  const source = (path: string) => `${root}src/${path}`;
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
