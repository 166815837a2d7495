import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, readConfig } from '../../src/config.ts';
import { createAssetReport } from '../../src/runtime/assets/report.ts';
import { openEmbeddedDatabase } from '../../src/runtime/embedded/pglite.ts';
import { type RunRoles, runRoleProcess } from '../../src/runtime/supervisor/role-process.ts';
import { runSupervisor } from '../../src/runtime/supervisor/supervisor.ts';

/**
 * src/main.ts with small roles: the supervisor, Temporal, PGlite and the processes are the real ones, the API only
 * stores rows (`POST /` answers once one is stored, `GET /` counts them) and the inference role only exists.
 * FIXTURE_FAULT makes a role misbehave: `crash` the inference role at its start, `hang` the API when it drains.
 */
const fault = process.env.FIXTURE_FAULT;

const runSmallRoles: RunRoles = async (config, roles, { onReady }) => {
  // What the process sees, for the test to read.
  const seen = join(config.KTPFLOW_HOME, `environment-${roles.join('-')}`);
  appendFileSync(seen, `${JSON.stringify(process.env)}\n`);
  return roles.includes('api')
    ? await runApi(config.KTPFLOW_HOME, config.HOST, config.PORT, onReady)
    : runInference(onReady);
};

function runInference(onReady: (info: object) => void) {
  if (fault === 'crash') throw new Error('the fixture crashes');
  const timer = setInterval(() => {}, 60_000);
  onReady({});
  return { drain: async () => clearInterval(timer) };
}

async function runApi(home: string, host: string, port: number, onReady: (info: { address: string }) => void) {
  const database = await openEmbeddedDatabase(home);
  await database.pglite.exec('CREATE TABLE IF NOT EXISTS acknowledged (id serial PRIMARY KEY)');
  const server = createServer(async (request, response) => {
    const { pglite } = database;
    if (request.method === 'POST') await pglite.query('INSERT INTO acknowledged DEFAULT VALUES');
    const { rows } = await pglite.query<{ count: number }>('SELECT count(*)::int AS count FROM acknowledged');
    response.end(String(rows[0]?.count));
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, host, resolve);
  });
  onReady({ address: `http://${host}:${(server.address() as AddressInfo).port}` });
  return {
    async drain() {
      if (fault === 'hang') await new Promise(() => {});
      server.close();
      server.closeAllConnections();
      await database.close();
      appendFileSync(join(home, 'drained'), 'api\n');
    },
  };
}

async function main(): Promise<number> {
  const config = readConfig();
  if (config.ROLES !== undefined) return runRoleProcess(config, config.ROLES, async () => runSmallRoles);
  return runSupervisor({
    config,
    environment: process.env,
    childModule: fileURLToPath(import.meta.url),
    say: (line) => console.log(line),
    reportError: (line) => console.error(line),
    assetReport: createAssetReport(process.stdout),
  });
}

try {
  process.exit(await main());
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(`ktpflow: ${error.message}`);
  process.exit(1);
}
