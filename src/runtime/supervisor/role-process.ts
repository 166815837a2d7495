import { type Config, ConfigError, type Role } from '../../config.ts';
import { reasonOf } from '../assets/asset.ts';
import { explainMachineFault } from '../environment/machine-fault.ts';
import { checkTemporaryFolder } from '../environment/temporary-folder.ts';
import { listenForStop } from '../processes/stop-signals.ts';
import { isDrainRequest, type RoleReport } from './role-messages.ts';
import { isSupervised } from './supervised.ts';

/** For a process that nobody supervises; container platforms kill after 30 s. */
const DRAIN_MS = 25_000;

export type RunRoles = (
  config: Config,
  roles: readonly Role[],
  options: { onReady(info: { address?: string }): void },
) => Promise<{ drain(): Promise<void> }>;

const SUPERVISED = isSupervised();

/**
 * Runs roles as a process: a supervisor's child, which obeys and never outlives it, or a service of a distributed
 * deployment, which obeys signals.
 * @param load imports what runs the roles: it takes a while, and a supervisor may die meanwhile.
 * @returns the exit code, once it has drained.
 */
export async function runRoleProcess(
  config: Config,
  roles: readonly Role[],
  load: () => Promise<RunRoles>,
): Promise<number> {
  process.title = titleOf(roles);
  const stopAsked = SUPERVISED ? obeySupervisor() : obeySignals();
  try {
    await checkTemporaryFolder();
    const runRoles = await load();
    const starting = runRoles(config, roles, {
      onReady: ({ address }) => report({ type: 'ready', ...(address === undefined ? {} : { address }) }),
    });
    // Before it is ready there is nothing to drain, and what it waits for may be away for hours.
    const running = await Promise.race([starting, stopAsked]);
    if (running === undefined) return 0;
    await stopAsked;
    await running.drain();
    return 0;
  } catch (error) {
    const message = hopelessMessage(error, config);
    if (message === null) throw error;
    if (SUPERVISED) report({ type: 'hopeless', message });
    else process.stderr.write(`ktpflow: ${message}\n`);
    return 1;
  }
}

/** What `ps` shows. */
export function titleOf(roles: readonly Role[]): string {
  if (roles.includes('api')) return 'ktpflow-api';
  return roles.includes('worker') ? 'ktpflow-worker' : 'ktpflow-inference';
}

function report(message: RoleReport): void {
  if (process.connected) process.send?.(message);
}

function obeySupervisor(): Promise<void> {
  // The kernel closes the channel however the supervisor died. Nothing is worth finishing then: what was acknowledged
  // is stored, and a new supervisor may be waiting for our locks.
  process.on('disconnect', () => process.exit(1));
  if (!process.connected) process.exit(1);
  // Signals go to the supervisor, which decides.
  for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => {});
  return new Promise((resolve) => {
    process.on('SIGTERM', () => resolve());
    process.on('message', (message) => {
      if (isDrainRequest(message)) resolve();
    });
  });
}

function obeySignals(): Promise<void> {
  return new Promise((resolve) => {
    listenForStop({
      onStop: () => {
        setTimeout(() => process.exit(1), DRAIN_MS).unref();
        resolve();
      },
      onForce: () => process.exit(1),
    });
  });
}

/** One line for what a restart does not cure; null for everything else. */
function hopelessMessage(error: unknown, config: Config): string | null {
  if (error instanceof ConfigError) return error.message;
  if (isLocal(error)) return reasonOf(error);
  const { code, syscall } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  const ofListening = /^(listen|bind|getaddrinfo)$/.test(syscall ?? '');
  return (ofListening ? listenProblem(code ?? '', config) : null) ?? explainMachineFault(error);
}

/** Also of a machine without IPv6, and of a link-local address without its interface. */
const NO_SUCH_ADDRESS: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'ENOTFOUND', 'EAFNOSUPPORT', 'EINVAL']);

/** Why an address cannot be listened on, in one line; null for any other error code. */
export function listenProblem(code: string, { HOST, PORT }: Pick<Config, 'HOST' | 'PORT'>): string | null {
  if (code === 'EADDRINUSE') return `port ${PORT} is already in use: stop what listens on it, or set PORT`;
  if (code === 'EACCES') return `port ${PORT} needs more rights: set PORT to 1024 or more`;
  if (NO_SUCH_ADDRESS.has(code)) return `HOST: ${HOST} is not an address of this machine`;
  return null;
}

/** Errors of this folder whose message tells a person what to do. */
function isLocal(error: unknown): boolean {
  return error instanceof Error && ['AssetError', 'DatabaseInUseError', 'LockUnavailableError'].includes(error.name);
}
