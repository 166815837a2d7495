import { statSync } from 'node:fs';
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
    if (missing) fail(`the package ${missing[1]} is not installed: run "npm ci" in ${folder()}`);
    const machine = machineProblem(error);
    if (machine === null) throw error;
    fail(machine);
  }
}

function installProblem(module) {
  try {
    statSync(module);
    return null;
  } catch (error) {
    const machine = machineProblem(error);
    if (machine !== null) return machine;
  }
  return `not built yet (an install with --ignore-scripts leaves that out): run "npm run build" in ${folder()}`;
}

/** Before our modules are there that explain such faults; null: it is another one. */
function machineProblem({ code, path }) {
  if (code === 'EMFILE' || code === 'ENFILE') return 'too many files are open: raise the limit (ulimit -n)';
  // An installation by root under umask 077.
  if (code === 'EACCES') return `${path} may not be read by this user: sudo chmod -R a+rX '${folder()}'`;
  return null;
}

const folder = () => fileURLToPath(new URL('..', import.meta.url));

function fail(problem) {
  console.error(`ktpflow: ${problem}`);
  process.exit(1);
}
