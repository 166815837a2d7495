import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** What the machine refuses, by the code of the error; `path` where the system tells which file. */
type Explanation = (path: string) => string;

const noRoom: Explanation = (path) =>
  `no space is left on the disk${path && ` of ${path}`}: make room, or put KTPFLOW_HOME and KTPFLOW_CACHE on another disk`;
const noRight: Explanation = (path) =>
  path === '' ? 'a file may not be used by this user' : rightsAdvice(resolve(path));
const ELSEWHERE = 'set KTPFLOW_HOME (and KTPFLOW_CACHE) to folders of your own';
const tooManyFiles: Explanation = () => 'too many files are open on this machine: raise the limit (ulimit -n)';

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  ENOSPC: noRoom,
  EDQUOT: (path) => `the disk quota is used up${path && ` at ${path}`}: make room, or put KTPFLOW_HOME on another disk`,
  EACCES: noRight,
  EPERM: noRight,
  EROFS: (path) =>
    `${path || 'the disk'} is read-only: set KTPFLOW_HOME (and KTPFLOW_CACHE) to folders that can be written`,
  ENOTDIR: (path) => `${path} leads through a file that is no folder: set KTPFLOW_HOME to a folder`,
  EEXIST: (path) => `${path} is a file where a folder should be: move it away, or set KTPFLOW_HOME`,
  EISDIR: (path) => `${path} is a folder where a file should be: move it away`,
  ENAMETOOLONG: (path) => `the path ${path.slice(0, 60)}… is too long: set KTPFLOW_HOME to a shorter one`,
  ELOOP: (path) => `${path} is a link to itself: set KTPFLOW_HOME to a folder`,
  EIO: (path) => `the disk${path && ` of ${path}`} reports errors (EIO): see the system's log`,
  EMFILE: tooManyFiles,
  ENFILE: tooManyFiles,
};

/** How Node (`ENOSPC: no space…, write`) and PostgreSQL say that a disk is full. */
const NO_ROOM = /ENOSPC|No space left on device/i;
const MAX_CAUSES = 4;

/**
 * One line for what this machine refuses (room, rights, a read-only disk) that says what to do; null for every other
 * error: that one is a fault of ours, and its stack is wanted.
 */
export function explainMachineFault(error: unknown, depth = 0): string | null {
  if (!(error instanceof Error) || depth > MAX_CAUSES) return null;
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  const explain = code === undefined ? undefined : EXPLANATIONS[code];
  // A port that may not be listened on has its own words.
  if (explain !== undefined && syscall !== 'listen' && syscall !== 'bind') return explain(path ?? '');
  if (code === 'ENOENT' && syscall === 'mkdir') return `${path} cannot be made there: ${ELSEWHERE}`;
  if (syscall === 'uv_os_homedir') return 'this user has no home folder: set KTPFLOW_CACHE to a folder for downloads';
  if (NO_ROOM.test(error.message)) return noRoom('');
  return explainMachineFault(error.cause, depth + 1);
}

/** @param path absolute */
function rightsAdvice(path: string): string {
  const user = process.getuid?.();
  const existing = nearestExisting(path);
  // Never an advice to take a folder over that only holds ours.
  if (existing.path !== path)
    return `${path} may not be made by this user, who cannot write to ${existing.path}: ${ELSEWHERE}`;
  if (existing.uid === user)
    return `${path} may not be used, though it is this user's: chmod -R u+rwX it, or ${ELSEWHERE}`;
  return `${path} may not be used, it belongs to user ${existing.uid}: sudo chown -R ${user} '${path}', or ${ELSEWHERE}`;
}

/** The path itself, or the nearest folder above it that is there and can be looked at. */
function nearestExisting(path: string): { readonly path: string; readonly uid: number } {
  try {
    return { path, uid: statSync(path).uid };
  } catch {
    return path === '/' ? { path, uid: 0 } : nearestExisting(dirname(path));
  }
}
