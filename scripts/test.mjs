#!/usr/bin/env node
/**
 * `npm test`: build, lint, types, then all tests; what it needs it fetches itself. Ends with `N passed, N failed`.
 * Arguments go to vitest (`npm test -- test/unit`).
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
// Not resolved as modules: packages need not export their package.json or their commands.
const packageFile = (name, path) => `${root}node_modules/${name}/${path}`;

const steps = [
  ['build', 'scripts/build.mjs'],
  ['lint', packageFile('@biomejs/biome', 'bin/biome'), 'check', '--error-on-warnings'],
  ['unused code', packageFile('knip', 'bin/knip.js')],
  ['types', packageFile('typescript', 'bin/tsc')],
  ['tests', packageFile('vitest', 'vitest.mjs'), 'run', ...process.argv.slice(2)],
];

for (const [name, ...command] of steps) {
  const startedAt = Date.now();
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    if (name !== 'tests') console.log(`${name} failed\n\n0 passed, 1 failed`);
    process.exit(1);
  }
  if (name !== 'tests') console.log(`${name}: ok (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
}
