import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, renameSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { cacheFolder } from '../../src/runtime/assets/cache-folder.ts';

/** Server and SQL tool are of one release, that of docker-compose.yml. */
const TEMPORAL_RELEASE = 'v1.32.1';
const TEMPORAL = 'go.temporal.io/server';
const VERSITYGW = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0';

/** Paths of the programs that the cluster is made of besides our own. */
export interface Binaries {
  readonly temporalServer: string;
  /** Folder that holds `temporal-sql-tool`. */
  readonly toolFolder: string;
  /** Temporal's `schema` folder. */
  readonly temporalSchema: string;
  readonly versitygw: string;
  /** Folder of PostgreSQL's own programs, such as initdb. */
  readonly postgres: string;
  readonly nginx: string;
}

/**
 * Finds them; what comes as Go modules is built once (some minutes) into `folder`.
 * @param folder default: local-cluster in the user's cache
 * @throws Error that says what to install
 */
export function findBinaries(folder = join(cacheFolder(readConfig().KTPFLOW_CACHE), 'local-cluster')): Binaries {
  mkdirSync(folder, { recursive: true });
  const temporalServer = join(folder, 'temporal-server');
  const sqlTool = join(folder, 'temporal-sql-tool');
  const versitygw = join(folder, 'versitygw');
  if (!isProgram(temporalServer)) {
    goInstall(folder, `${TEMPORAL}/cmd/server@${TEMPORAL_RELEASE}`);
    renameSync(join(folder, 'server'), temporalServer);
  }
  if (!isProgram(sqlTool)) {
    goInstall(folder, `${TEMPORAL}/cmd/tools/sql@${TEMPORAL_RELEASE}`);
    renameSync(join(folder, 'sql'), sqlTool);
  }
  if (!isProgram(versitygw)) goInstall(folder, VERSITYGW);
  return {
    temporalServer,
    toolFolder: folder,
    temporalSchema: temporalSchema(),
    versitygw,
    postgres: postgresFolder(),
    nginx: onPath('nginx') ?? fail('nginx'),
  };
}

function goInstall(folder: string, module: string): void {
  console.log(`building ${module}`);
  run('go', ['install', module], { GOBIN: folder, GOFLAGS: '-mod=mod' });
}

/** The schema comes with the module's source, which `go` keeps. */
function temporalSchema(): string {
  const text = run('go', ['mod', 'download', '-json', `${TEMPORAL}@${TEMPORAL_RELEASE}`]);
  return join((JSON.parse(text) as { Dir: string }).Dir, 'schema');
}

/** Debian keeps PostgreSQL's programs off the PATH; the newest that is installed counts. */
function postgresFolder(): string {
  const found = spawnSync('sh', ['-c', 'ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1'], { encoding: 'utf8' });
  const folder = found.stdout.trim();
  if (folder !== '') return folder;
  const initdb = onPath('initdb') ?? fail('postgresql');
  return join(initdb, '..');
}

function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): string {
  const result = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...environment } });
  if (result.error) throw new Error(`${command} cannot be run: install it (${result.error.message})`);
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${result.stderr}`);
  return result.stdout;
}

function onPath(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function fail(name: string): never {
  throw new Error(`${name} is not installed: apt-get install ${name}`);
}
