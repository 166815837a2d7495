import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where assets are kept: KTPFLOW_CACHE, else `ktpflow` in the folder that the platform has for caches. */
export function cacheFolder(configured: string | undefined, environment: NodeJS.ProcessEnv = process.env): string {
  if (configured !== undefined) return resolve(configured);
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'ktpflow');
  // The XDG specification: a relative path is invalid and to be ignored.
  const xdg = environment.XDG_CACHE_HOME;
  return join(xdg?.startsWith('/') ? xdg : join(homedir(), '.cache'), 'ktpflow');
}
