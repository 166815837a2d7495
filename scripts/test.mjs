#!/usr/bin/env node
/**
 * `npm test`: build, then lint, types and all tests beside each other; what it needs it fetches itself. Ends with
 * `N passed, N failed`.
 * Arguments go to vitest (`npm test -- test/unit`).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { inputsHash } from './build-inputs.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
// Not resolved as modules: packages need not export their package.json or their commands.
const packageFile = (name, path) => `${root}node_modules/${name}/${path}`;

/**
 * Runs a step; `quietly`: its output comes at its end, since others run beside it, and nothing once the tests have said
 * the last line. @returns whether it succeeded
 */
async function run(name, command, { quietly = false } = {}) {
  const startedAt = Date.now();
  const stdio = quietly ? ['ignore', 'pipe', 'pipe'] : 'inherit';
  const child = spawn(process.execPath, command, { cwd: root, stdio });
  if (quietly && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  const output = quietly ? [text(child.stdout), text(child.stderr)] : [];
  const [code] = await once(child, 'close');
  const said = (await Promise.all(output)).join('');
  if (code !== 0) console.log(`${said}${name} failed`);
  else if (!quietly || isRunning())
    console.log(`${said}${name}: ok (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
  return code === 0;
}

function fail() {
  console.log('\n0 passed, 1 failed');
  process.exit(1);
}

const builtFrom = `${root}dist/.inputs`;
// What the build writes beside dist is compiled with the tests.
const generated = `${root}src/storage/generated/client.ts`;
if (existsSync(generated) && existsSync(builtFrom) && readFileSync(builtFrom, 'utf8') === inputsHash(root))
  console.log('build: is that of today');
else if (!(await run('build', ['scripts/build.mjs']))) fail();

// Beside each other: the tests wait for half of their time, and the checks take what is left over.
const tests = spawn(process.execPath, [packageFile('vitest', 'vitest.mjs'), 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
const ended = once(tests, 'close');
const isRunning = () => tests.exitCode === null && tests.signalCode === null;
const checks = await Promise.all([
  check('lint', [packageFile('@biomejs/biome', 'bin/biome'), 'check', '--error-on-warnings']),
  check('unused code', [packageFile('knip', 'bin/knip.js')]),
  check('types', [packageFile('typescript', 'bin/tsc'), '--singleThreaded']),
  check('types of the console', [packageFile('typescript', 'bin/tsc'), '--project', 'console']),
]);
const [code] = await ended;
if (checks.includes(false)) fail();
// The last line is that of the tests, and the one that counts.
process.exit(code === 0 ? 0 : 1);

/** Runs a check at the lowest priority. One that fails ends the tests. @returns whether it succeeded */
async function check(name, command) {
  const succeeded = await run(name, command, { quietly: true });
  if (!succeeded) tests.kill();
  return succeeded;
}
