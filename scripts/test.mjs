#!/usr/bin/env node
/**
 * `npm test`: build, lint, types, then all tests; what it needs it fetches itself. Ends with `N passed, N failed`.
 * Arguments go to vitest (`npm test -- test/unit`).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { inputsHash } from './build-inputs.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
// Not resolved as modules: packages need not export their package.json or their commands.
const packageFile = (name, path) => `${root}node_modules/${name}/${path}`;

/** Runs a step; `quietly` prints its output at its end, since others run beside it. @returns whether it succeeded */
async function run(name, command, { quietly = false } = {}) {
  const startedAt = Date.now();
  const stdio = quietly ? ['ignore', 'pipe', 'pipe'] : 'inherit';
  const child = spawn(process.execPath, command, { cwd: root, stdio });
  const output = quietly ? [text(child.stdout), text(child.stderr)] : [];
  const [code] = await once(child, 'close');
  process.stdout.write((await Promise.all(output)).join(''));
  console.log(code === 0 ? `${name}: ok (${((Date.now() - startedAt) / 1000).toFixed(1)} s)` : `${name} failed`);
  return code === 0;
}

function fail() {
  console.log('\n0 passed, 1 failed');
  process.exit(1);
}

const builtFrom = `${root}dist/.inputs`;
if (existsSync(builtFrom) && readFileSync(builtFrom, 'utf8') === inputsHash(root))
  console.log('build: is that of today');
else if (!(await run('build', ['scripts/build.mjs']))) fail();

const checks = await Promise.all([
  run('lint', [packageFile('@biomejs/biome', 'bin/biome'), 'check', '--error-on-warnings'], { quietly: true }),
  run('unused code', [packageFile('knip', 'bin/knip.js')], { quietly: true }),
  run('types', [packageFile('typescript', 'bin/tsc'), '--singleThreaded'], { quietly: true }),
  run('types of the console', [packageFile('typescript', 'bin/tsc'), '--project', 'console'], { quietly: true }),
]);
if (checks.includes(false)) fail();

// Its last line is the one that counts.
const tests = spawn(process.execPath, [packageFile('vitest', 'vitest.mjs'), 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
const [code] = await once(tests, 'close');
process.exit(code === 0 ? 0 : 1);
