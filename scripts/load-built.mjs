import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nodeProblem } from './node-problem.mjs';

const dist = new URL('../dist/', import.meta.url);

/**
 * Runs a module of dist/; what an installation lacks is said in one line instead of a stack.
 * @param name path within dist/
 */
export async function loadBuilt(name) {
  const module = new URL(name, dist);
  const problem = nodeProblem(process.versions.node) || installProblem(module);
  if (problem) fail(problem);
  try {
    await import(module.href);
  } catch (error) {
    // Only what cannot be found outside dist/: a fault of our own shows itself whole.
    const missing = error.code === 'ERR_MODULE_NOT_FOUND' && /package '([^']+)'/.exec(error.message);
    if (!missing) throw error;
    fail(`the package ${missing[1]} is not installed: run "npm ci" in ${folder()}`);
  }
}

function installProblem(module) {
  if (existsSync(module)) return null;
  return `not built yet (an install with --ignore-scripts leaves that out): run "npm run build" in ${folder()}`;
}

const folder = () => fileURLToPath(new URL('..', import.meta.url));

function fail(problem) {
  console.error(`ktpflow: ${problem}`);
  process.exit(1);
}
