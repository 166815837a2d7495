import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
// What is built, and JavaScript itself: a dozen starts of three processes compile nothing.
import { ConfigError, readConfig } from '../../dist/config.js';
import { createAssetReport } from '../../dist/runtime/assets/report.js';
import { openEmbeddedDatabase } from '../../dist/runtime/embedded/pglite.js';
import { runRoleProcess } from '../../dist/runtime/supervisor/role-process.js';
import { runSupervisor } from '../../dist/runtime/supervisor/supervisor.js';

/**
 * src/main.ts with small roles: the supervisor, Temporal, PGlite and the processes are the real ones, the API only
 * stores rows (`POST /` answers once one is stored, `GET /` counts them) and the inference role only exists.
 * FIXTURE_FAULT makes a role misbehave: `crash` the inference role at its start, `hang` the API when it drains.
 */
const fault = process.env.FIXTURE_FAULT;

async function runSmallRoles(config, roles, { onReady }) {
  // What the process sees, for the test to read.
  const seen = join(config.KTPFLOW_HOME, `environment-${roles.join('-')}`);
  appendFileSync(seen, `${JSON.stringify(process.env)}\n`);
  return roles.includes('api') ? await runApi(config, onReady) : runInference(onReady);
}

function runInference(onReady) {
  if (fault === 'crash') throw new Error('the fixture crashes');
  const timer = setInterval(() => {}, 60_000);
  onReady({});
  return { drain: async () => clearInterval(timer) };
}

async function runApi({ HOST, KTPFLOW_HOME, PORT }, onReady) {
  const database = await openEmbeddedDatabase(KTPFLOW_HOME);
  await database.pglite.exec('CREATE TABLE IF NOT EXISTS acknowledged (id serial PRIMARY KEY)');
  const server = createServer(async (request, response) => {
    const { pglite } = database;
    if (request.method === 'POST') await pglite.query('INSERT INTO acknowledged DEFAULT VALUES');
    const { rows } = await pglite.query('SELECT count(*)::int AS count FROM acknowledged');
    response.end(String(rows[0]?.count));
  });
  await new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(PORT, HOST, resolve);
  });
  onReady({ address: `http://${HOST}:${server.address().port}` });
  return {
    async drain() {
      if (fault === 'hang') await new Promise(() => {});
      server.close();
      server.closeAllConnections();
      await database.close();
      appendFileSync(join(KTPFLOW_HOME, 'drained'), 'api\n');
    },
  };
}

async function main() {
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
