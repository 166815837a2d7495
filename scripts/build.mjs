#!/usr/bin/env node
/**
 * Builds what `npm start` runs: the Prisma client, TypeScript to dist/, the workflow bundle. Run by `npm ci` (prepare),
 * so that a start compiles nothing. Needs no network.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);

function run(binary, ...args) {
  // Prisma would ask its maker for updates; a build talks to nobody.
  const env = { ...process.env, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' };
  execFileSync(process.execPath, [binary, ...args], {
    cwd: root,
    env,
    stdio: ['ignore', binary.includes('prisma') ? 'ignore' : 'inherit', 'inherit'],
  });
}

run(require.resolve('prisma/build/index.js'), 'generate');
// Built aside and swapped in whole: a build that fails or is cut off leaves the former one.
const staging = `${root}dist.${process.pid}`;
process.on('exit', () => rmSync(staging, { recursive: true, force: true }));
const tsc = require.resolve('typescript/package.json').replace('package.json', 'bin/tsc');
run(tsc, '-p', 'tsconfig.build.json', '--outDir', staging);

const { bundleWorkflowCode } = await import('@temporalio/worker');
const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error };
const { code } = await bundleWorkflowCode({
  workflowsPath: `${staging}/workflows/index.js`,
  failureConverterPath: `${staging}/worker/failure-converter.js`,
  logger: quiet,
});
writeFileSync(`${staging}/workflow-bundle.js`, code);
if (existsSync(`${staging}/cli/main.js`)) chmodSync(`${staging}/cli/main.js`, 0o755);
rmSync(`${root}dist`, { recursive: true, force: true });
renameSync(staging, `${root}dist`);
