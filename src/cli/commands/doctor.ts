import { access, constants, statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, readConfig } from '../../config.ts';
import { AssetError } from '../../runtime/assets/asset.ts';
import { cacheFolder } from '../../runtime/assets/cache-folder.ts';
import { missingAssetMessage } from '../../runtime/assets/missing-asset-message.ts';
import { DETECTION_MODEL, RECOGNITION_MODEL } from '../../runtime/assets/ocr-models.ts';
import { explicitTemporalCli, temporalCliAsset, temporalCliOnPath } from '../../runtime/assets/temporal-cli.ts';
import { isVerified } from '../../runtime/assets/verify.ts';
import type { ProbedService } from '../../runtime/probe-services.ts';
import { listenError } from '../../runtime/processes/free-port.ts';
import { listenProblem } from '../../runtime/supervisor/role-process.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { locateServer } from '../locate-server.ts';
import type { Output } from '../output.ts';

interface Finding {
  readonly what: string;
  /** warning: it works, but perhaps not well or not yet. */
  readonly level: 'ok' | 'warning' | 'missing';
  readonly detail: string;
}

const GIGABYTE = 1024 ** 3;
const MIN_NODE = [20, 19] as const;
const MIN_MEMORY = 2 * GIGABYTE;
const MIN_DISK = 2 * GIGABYTE;

/** Says what the platform needs and lacks, and how to get it. Fetches and changes nothing. */
export async function runDoctor(url: string | undefined, output: Output): Promise<ExitCode> {
  const findings = [nodeVersion(), await build(), ...(await configured(url))];
  if (output.json) await output.print(JSON.stringify(findings));
  else {
    const marks = { ok: '✓', warning: '!', missing: '✗' };
    for (const { what, level, detail } of findings) {
      await output.print(`${marks[level]} ${what}: ${detail.replaceAll('\n', '\n    ')}`);
    }
  }
  return findings.some(({ level }) => level === 'missing') ? EXIT.failure : EXIT.ok;
}

async function configured(url: string | undefined): Promise<Finding[]> {
  try {
    const config = readConfig();
    return [
      finding('configuration', 'ok', 'every variable has an allowed value'),
      await server(url ?? (await locateServer(config)).url, config),
      ...(await services(config)),
      ...(config.TEMPORAL_ADDRESS ? [] : [await temporal(config)]),
      ...(await models(config)),
      await home(config),
      memory(),
    ];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [finding('configuration', 'missing', error.message)];
  }
}

type Config = ReturnType<typeof readConfig>;

function finding(what: string, level: Finding['level'], detail: string): Finding {
  return { what, level, detail };
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const recent = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  return finding(
    'Node',
    recent ? 'ok' : 'missing',
    `${process.versions.node}${recent ? '' : `; needs ${MIN_NODE.join('.')} or newer`}`,
  );
}

async function build(): Promise<Finding> {
  const bundle = fileURLToPath(new URL('../../../dist/workflow-bundle.js', import.meta.url));
  return (await exists(bundle))
    ? finding('build', 'ok', 'dist is there')
    : finding('build', 'missing', 'run npm ci, or npm run build');
}

async function server(url: string, { HOST, PORT }: Config): Promise<Finding> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(3_000) });
    const health = (await response.json()) as {
      ok?: unknown;
      error?: unknown;
      engines?: readonly { warning?: unknown }[];
    };
    // What an engine's canary found, for one.
    const warnings = (health.engines ?? []).flatMap(({ warning }) => (typeof warning === 'string' ? [warning] : []));
    if (health.ok === true && warnings.length > 0) {
      return finding('server', 'warning', `${url} is ready. ${warnings.join(' ')}`);
    }
    if (health.ok === true) return finding('server', 'ok', `${url} is ready`);
    if (health.ok === false) return finding('server', 'warning', `${url} is not ready: ${String(health.error)}`);
  } catch {
    // Nobody there, or somebody else.
  }
  const taken = await listenError(HOST, PORT);
  return taken === null
    ? finding('server', 'ok', `none is running; port ${PORT} of ${HOST} is free`)
    : finding('server', 'warning', listenProblem(taken, { HOST, PORT }) ?? `cannot listen on port ${PORT} (${taken})`);
}

const SERVICES: Readonly<Record<ProbedService['setting'], string>> = {
  TEMPORAL_ADDRESS: 'Temporal',
  DATABASE_URL: 'database',
  BLOB_URL: 'blob store',
  VLM_BASE_URL: 'model server',
};

/** What a cluster's settings name, tried from here, with the credentials that a role would use. */
async function services(config: Config): Promise<Finding[]> {
  // Loaded only here: the clients of Temporal and of the database would make every command start later.
  const { probeServices } = await import('../../runtime/probe-services.ts');
  const probed = await probeServices(config);
  return probed.map(({ setting, fault }) =>
    fault === null
      ? finding(SERVICES[setting], 'ok', `the one of ${setting} answers`)
      : finding(SERVICES[setting], 'missing', `the one of ${setting} cannot be used from here: ${fault}`),
  );
}

async function temporal(config: Config): Promise<Finding> {
  try {
    if (config.TEMPORAL_CLI_PATH) {
      return finding('Temporal', 'ok', await explicitTemporalCli(config.TEMPORAL_CLI_PATH));
    }
    const onPath = await temporalCliOnPath(() => {});
    if (onPath !== null) return finding('Temporal', 'ok', onPath);
    return await asset('Temporal', temporalCliAsset(), config);
  } catch (error) {
    if (!(error instanceof AssetError)) throw error;
    return finding('Temporal', 'missing', error.message);
  }
}

async function models(config: Config): Promise<Finding[]> {
  return Promise.all([DETECTION_MODEL, RECOGNITION_MODEL].map((model) => asset('OCR model', model, config)));
}

async function asset(
  what: string,
  pinned: Parameters<typeof missingAssetMessage>[0],
  config: Config,
): Promise<Finding> {
  const path = join(cacheFolder(config.KTPFLOW_CACHE), pinned.path);
  if (await isVerified(pinned, path)) return finding(what, 'ok', path);
  const megabytes = Math.ceil(pinned.bytes / 1e6);
  const how = missingAssetMessage(pinned, path, []).split('\n').slice(1).join('\n');
  return finding(
    what,
    'warning',
    `${pinned.title} is not here yet: the first start fetches it (${megabytes} MB).\n${how}`,
  );
}

async function home(config: Config): Promise<Finding> {
  const path = resolve(config.KTPFLOW_HOME);
  try {
    let existing = path;
    while (!(await exists(existing)) && dirname(existing) !== existing) existing = dirname(existing);
    await access(existing, constants.R_OK | constants.W_OK);
    const { bavail, bsize } = await statfs(existing);
    const free = bavail * bsize;
    const gigabytes = `${(free / GIGABYTE).toFixed(1)} GB free`;
    return finding('data folder', free < MIN_DISK ? 'warning' : 'ok', `${path}, ${gigabytes}`);
  } catch {
    return finding('data folder', 'missing', `${path} cannot be written: set KTPFLOW_HOME`);
  }
}

function memory(): Finding {
  const gigabytes = `${(totalmem() / GIGABYTE).toFixed(1)} GB`;
  return totalmem() < MIN_MEMORY
    ? finding('memory', 'warning', `${gigabytes}; 2 GB are needed`)
    : finding('memory', 'ok', gigabytes);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
