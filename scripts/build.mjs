#!/usr/bin/env node
/**
 * Builds what `npm start` runs: the Prisma client, TypeScript to dist/, each program's modules joined, the page of the
 * console, the workflow bundle. Run by `npm ci` (prepare), so that a start compiles nothing. Needs no network, and no
 * development package: NODE_ENV=production and --omit=dev install what it takes. Types are therefore not checked here, but by `npm run check` and `npm test`.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inputsHash } from './build-inputs.mjs';
import { nodeProblem } from './node-problem.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
// Built aside and swapped in whole: a build that fails or is cut off leaves the former one.
const staging = `${root}dist.${process.pid}`;
const require = createRequire(import.meta.url);

/** What stands in for a stack: the step that failed, and what to do. */
class BuildError extends Error {}

function locate(module) {
  try {
    return require.resolve(module);
  } catch {
    const name = module.split('/')[0];
    throw new BuildError(`the package ${name} is not installed: run "npm ci" in ${root}`);
  }
}

function run(step, ...args) {
  // Prisma would ask its maker for updates; a build talks to nobody.
  const env = { ...process.env, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' };
  const { status, error } = spawnSync(process.execPath, args, {
    cwd: root,
    env,
    stdio: ['ignore', step.includes('Prisma') ? 'ignore' : 'inherit', 'inherit'],
  });
  if (status !== 0) throw new BuildError(`${step} failed${error ? ` (${error.code})` : ', see above'}`);
}

async function build() {
  const problem = nodeProblem(process.versions.node);
  if (problem !== null) throw new BuildError(problem);
  run('generating the Prisma client', locate('prisma/build/index.js'), 'generate');
  // Taken before the rest: what is changed while it is built is built again.
  const inputs = inputsHash(root);
  const tsc = locate('typescript/package.json').replace('package.json', 'bin/tsc');
  run('compiling', tsc, '-p', 'tsconfig.build.json', '--noCheck', '--types', '', '--outDir', staging);
  const vite = locate('vite/package.json').replace('package.json', 'bin/vite.js');
  inPlainFolder((plainRoot) => {
    const outDir = `${plainRoot}${basename(staging)}/console`;
    run('building the console', vite, 'build', `${plainRoot}console`, '--outDir', outDir, '--logLevel', 'warn');
    const flags = ['--preserve-symlinks', '--preserve-symlinks-main'];
    const compiled = plainRoot + basename(staging);
    run('bundling the workflows', ...flags, `${plainRoot}scripts/bundle-workflows.mjs`, compiled);
    run('joining the modules', ...flags, `${plainRoot}scripts/join-modules.mjs`, plainRoot, compiled);
  });
  if (existsSync(`${staging}/cli/main.js`)) chmodSync(`${staging}/cli/main.js`, 0o755);
  writeFileSync(`${staging}/.inputs`, inputs);
  rmSync(`${root}dist`, { recursive: true, force: true });
  renameSync(staging, `${root}dist`);
}

/** Webpack and Vite take what follows ? or # in a folder's name for a query: they are given a plain name for an odd one. */
function inPlainFolder(work) {
  const isPlain = /^[\w./@ -]*$/.test(root);
  const folder = isPlain ? null : mkdtempSync(join(tmpdir(), 'ktpflow-build-'));
  const plainRoot = folder === null ? root : `${folder}/root/`;
  try {
    if (folder !== null) symlinkSync(root, `${folder}/root`);
    work(plainRoot);
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}

process.on('exit', () => rmSync(staging, { recursive: true, force: true }));
try {
  await build();
} catch (error) {
  // What the machine refuses (a read-only folder, a full disk) is one line too; only a fault of ours shows its stack.
  const known = error instanceof BuildError || error.syscall !== undefined;
  console.error(`ktpflow: the build failed: ${known ? error.message : error.stack}`);
  process.exitCode = 1;
}
