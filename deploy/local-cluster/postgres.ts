import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { run } from './run-command.ts';
import type { ServiceDefinition } from './service.ts';

const CREATE_DATABASES = fileURLToPath(new URL('../postgres/create-databases.sh', import.meta.url));
/** Four parts of Temporal with pools of their own, and four processes of ours. */
const MAX_CONNECTIONS = 300;

export interface Postgres {
  readonly definition: ServiceDefinition;
  readonly port: number;
  readonly databaseUrl: string;
  /** Of who may make databases. */
  readonly adminUrl: string;
  /** Makes roles and databases with the script that docker-compose.yml gives PostgreSQL's image; once, when it serves. */
  createDatabases(): void;
}

export interface PostgresOptions {
  readonly programs: string;
  readonly folder: string;
  readonly port: number;
  readonly passwords: { readonly admin: string; readonly ktpflow: string; readonly temporal: string };
}

/** An empty PostgreSQL with passwords. It refuses to run as root: then it is Debian's user `postgres`. */
export function preparePostgres({ programs, folder, port, passwords }: PostgresOptions): Postgres {
  const data = join(folder, 'postgres');
  const passwordFile = join(folder, 'postgres-password');
  mkdirSync(data, { recursive: true });
  writeFileSync(passwordFile, passwords.admin);
  const prefix = process.getuid?.() === 0 ? asUser('postgres', [data, passwordFile]) : [];
  const initdb = [
    join(programs, 'initdb'),
    ...['--pgdata', data, '--username', 'postgres', '--auth', 'scram-sha-256', '--pwfile', passwordFile],
  ];
  run([...prefix, ...initdb], folder);
  const [command = '', ...args] = [
    ...prefix,
    join(programs, 'postgres'),
    ...['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', data, '-c', `max_connections=${MAX_CONNECTIONS}`],
    // A killed process leaves what it wrote to the kernel: only a machine that loses power needs the disk to have it.
    ...['-c', 'fsync=off', '-c', 'full_page_writes=off'],
  ];
  const databaseUrl = `postgresql://ktpflow:${passwords.ktpflow}@127.0.0.1:${port}/ktpflow`;
  const adminUrl = `postgresql://postgres:${passwords.admin}@127.0.0.1:${port}/postgres`;
  return {
    port,
    databaseUrl,
    adminUrl,
    definition: {
      name: 'postgres',
      command,
      args,
      cwd: data,
      // "Fast": ends sessions, and then itself.
      stopSignal: 'SIGINT',
      isReady: () => answers(adminUrl),
    },
    createDatabases: () =>
      run(['sh', CREATE_DATABASES], folder, {
        PGHOST: '127.0.0.1',
        PGPORT: String(port),
        PGPASSWORD: passwords.admin,
        POSTGRES_USER: 'postgres',
        KTPFLOW_DB_PASSWORD: passwords.ktpflow,
        TEMPORAL_DB_PASSWORD: passwords.temporal,
      }),
  };
}

/** The words before a command that run it as another user, to whom the paths are given. */
function asUser(user: string, paths: readonly string[]): string[] {
  run(['chown', '-R', user, ...paths], '/');
  for (const path of paths) chmodSync(path, 0o700);
  return ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'];
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } finally {
    await client.end();
  }
}
