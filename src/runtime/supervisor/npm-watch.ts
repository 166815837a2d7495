import { commandLineOf, isAlive, parentPidOf } from '../processes/process-identity.ts';

const LOOK_EVERY_MS = 500;

/**
 * Tells when the `npm start` that runs this process is gone: npm passes signals on, but a kill -9 of it would leave
 * the platform without a terminal and without anyone to stop it. Started in any other way, nothing is watched.
 */
export function watchNpm(onGone: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = npmPid();
  if (npm === null) return;
  const timer = setInterval(() => {
    if (isAlive(npm)) return;
    clearInterval(timer);
    onGone();
  }, LOOK_EVERY_MS);
  timer.unref();
}

/** Our parent, or its parent where the shell that npm starts stays between. */
function npmPid(): number | null {
  const parent = process.ppid;
  if (isNpm(parent)) return parent;
  const grandparent = parentPidOf(parent);
  return grandparent !== null && isNpm(grandparent) ? grandparent : null;
}

const isNpm = (pid: number) => /\bnpm\b/.test(commandLineOf(pid) ?? '');
