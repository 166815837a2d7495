import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { run } from '../../deploy/local-cluster/run-command.ts';
import type { Scene } from './faults.ts';
import { OURS } from './rolling.ts';

/** Of which role each database is: as deploy/postgres/create-databases.sh makes them. */
const DATABASES = { ktpflow: 'ktpflow', temporal: 'temporal', temporal_visibility: 'temporal' } as const;
/** versitygw keeps attributes of objects beside them. */
const STORE = ['s3', 'attributes-of-s3'] as const;

/**
 * What docs/deployment.md says of backups, under load: everything stops, is saved, vanishes, is restored, and goes on.
 * @param programs folder of PostgreSQL's programs
 * @returns what is to be said of it
 */
export async function tryBackup({ cluster }: Scene, programs: string, say: (line: string) => void): Promise<string> {
  const folder = join(cluster.folder, 'backup');
  mkdirSync(folder, { mode: 0o700 });
  const addressOf = (database: string) => {
    const url = new URL(cluster.databaseAdminUrl);
    url.pathname = `/${database}`;
    return url.href;
  };
  const begun = Date.now();
  const seconds = () => ((Date.now() - begun) / 1000).toFixed(1);
  await Promise.all(OURS.map((name) => cluster.service(name).stop()));
  await cluster.service('temporal').stop();
  await cluster.service('s3').stop();
  say(`all have stopped after ${seconds()} s`);

  for (const database of Object.keys(DATABASES)) {
    const file = join(folder, `${database}.dump`);
    run([join(programs, 'pg_dump'), '--format=custom', `--file=${file}`, `--dbname=${addressOf(database)}`], folder);
  }
  run(['tar', '--create', `--file=${join(folder, 's3.tar')}`, ...STORE], cluster.folder);
  const sizes = readdirSync(folder).map((name) => {
    return `${name} ${(statSync(join(folder, name)).size / 1e6).toFixed(1)} MB`;
  });
  say(`saved after ${seconds()} s`);

  await loseEverything(addressOf('postgres'), cluster.folder);
  for (const database of Object.keys(DATABASES)) {
    const file = join(folder, `${database}.dump`);
    run([join(programs, 'pg_restore'), '--exit-on-error', `--dbname=${addressOf(database)}`, file], folder);
  }
  run(['tar', '--extract', `--file=${join(folder, 's3.tar')}`], cluster.folder);
  say(`restored after ${seconds()} s`);
  rmSync(folder, { recursive: true });

  await cluster.service('s3').start();
  await cluster.service('temporal').start();
  await Promise.all(OURS.map((name) => cluster.service(name).start()));
  await cluster.ready(300_000);
  return `backup and restore under load: serves again after ${seconds()} s; ${sizes.join(', ')}`;
}

async function loseEverything(adminUrl: string, folder: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  for (const [database, owner] of Object.entries(DATABASES)) {
    await client.query(`DROP DATABASE ${database} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${database} OWNER ${owner}`);
  }
  await client.end();
  // What lies in them: the folder itself may be a disk.
  for (const store of STORE) {
    for (const name of readdirSync(join(folder, store))) rmSync(join(folder, store, name), { recursive: true });
  }
}
