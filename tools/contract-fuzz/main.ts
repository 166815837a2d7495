import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../src/runtime/assets/cache-folder.ts';
import { EmbeddedPlatform } from '../../test/e2e/embedded-platform.ts';
import { startUpstream } from '../../test/support/upstream.ts';
import { installPackages } from '../install-packages.ts';
import { LEFT_OUT, REFUSALS } from './left-out.ts';

/**
 * Schemathesis against the running platform and its own OpenAPI document: README.md. Ends with 1 where the server and the
 * document do not agree.
 *   tsx tools/contract-fuzz/main.ts [--examples N] [PATH …]     paths as regular expressions; default: all
 */
const SCHEMATHESIS = 'schemathesis==4.32.5';
const KEY = 'contract-fuzz-key';
const MODEL = 'fake/words';

async function main(): Promise<number> {
  const { examples, paths } = readArguments(process.argv.slice(2));
  const program = process.env.SCHEMATHESIS || installed();
  const home = mkdtempSync(join(tmpdir(), 'ktpflow-fuzz-'));
  const engine = await startUpstream({ model: MODEL });
  const platform = await EmbeddedPlatform.start(join(home, 'home'), {
    API_KEYS: `${KEY}:chat+extract+review+admin:fuzz`,
    LOG_LEVEL: 'error',
    // Nothing of what is tried may wait for minutes, or reach another machine.
    MAX_JSON_MB: '1',
    OCR_TIMEOUT_SECONDS: '20',
    VLM_BASE_URL: engine.url,
    MODEL_REPO_ID: MODEL,
    FETCH_TIMEOUT_SECONDS: '1',
  });
  try {
    const refusals = REFUSALS.map((status) => `"${status}"`).join(', ');
    writeFileSync(
      join(home, 'schemathesis.toml'),
      `[checks.negative_data_rejection]\nexpected-statuses = [${refusals}]\n`,
    );
    const parameters = [
      'run',
      `${platform.address}/openapi.json`,
      ...['--header', `Authorization: Bearer ${KEY}`],
      ...['--phases', 'examples,coverage,fuzzing'],
      ...['--max-examples', String(examples)],
      ...['--request-timeout', '30', '--no-color', '--no-shrink', '--continue-on-failure'],
      ...['--suppress-health-check', 'all', '--warnings', 'off', '--generation-database', 'none'],
      ...paths.flatMap((path) => ['--include-path-regex', path]),
      ...LEFT_OUT.operations.flatMap(({ path }) => ['--exclude-path', path]),
      ...['--exclude-checks', LEFT_OUT.checks.map(({ check }) => check).join(',')],
    ];
    const child = spawn(program, parameters, { stdio: 'inherit', cwd: home });
    const [code] = await once(child, 'exit');
    return typeof code === 'number' ? code : 1;
  } finally {
    await platform.end();
    await engine.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

function readArguments(given: readonly string[]): { examples: number; paths: readonly string[] } {
  const at = given.indexOf('--examples');
  if (at < 0) return { examples: 5, paths: given };
  return { examples: Number(given[at + 1]), paths: given.filter((_, index) => index !== at && index !== at + 1) };
}

/** In a virtual environment of the cache folder. */
function installed(): string {
  const folder = join(cacheFolder(process.env.KTPFLOW_CACHE || undefined), 'contract-fuzz');
  installPackages(folder, 'python', [SCHEMATHESIS]);
  return join(folder, 'bin', 'schemathesis');
}

process.exitCode = await main();
