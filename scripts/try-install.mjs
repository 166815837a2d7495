#!/usr/bin/env node
/**
 * Tries an installation as people make it: clones what is committed here into folders with odd names, installs it from
 * the registry, starts it, reads a card, stops it, starts it again, and looks for what it left behind. Takes minutes and
 * gigabytes: run by hand (CONTRIBUTING.md, "Trying an installation").
 *
 *   node scripts/try-install.mjs [--node PATH]... [--uid NUMBER] [--only TEXT]
 *
 * @param --node a Node.js to try besides the one that runs this; where npm lies beside it, that npm is used
 * @param --uid a user to become for one more case with each Node.js; needs root, and a KTPFLOW_CACHE that this user can read
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: wanted } = parseArgs({
  options: { node: { type: 'string', multiple: true }, uid: { type: 'string' }, only: { type: 'string' } },
});
const root = fileURLToPath(new URL('..', import.meta.url));
const ODD_FOLDER = join('C# dev', "ü 100%25 it's ?a=b&c", 'x'.repeat(100));
/** Nothing listens there: what goes by a proxy fails. */
const DEAD_PROXY = { http_proxy: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9' };
const EXCEPT_HERE = { no_proxy: 'localhost,127.0.0.1' };
/** How Node.js and npm say that something will break one day. */
const WARNINGS = /^.*(?:npm warn|Warning:).*$/gim;
/**
 * Prisma brings a development server that nothing here starts, and every version of its part wants Node.js 22: on 20 npm
 * says so, and goes on.
 */
const ONLY_FOR_NODE_22 =
  /npm warn EBADENGINE Unsupported engine \{\s+npm warn EBADENGINE +package: '@prisma\/streams-local@.+(?:\s+npm warn EBADENGINE.*)+/gi;
/** Node.js keeps what it has compiled there. */
const NOT_OURS = /^node-compile-cache$/;
const START_MS = 300_000;
const INSTALL_MS = 540_000;

/** install: arguments of npm ci; build: run it by hand afterwards; env: for both, startEnv: for the start only. */
const cases = [
  { name: 'plain', folder: 'plain' },
  { name: '--omit=dev', folder: 'omit dev', install: ['--omit=dev'] },
  { name: '--ignore-scripts, then build', folder: 'ignore-scripts', install: ['--ignore-scripts'], build: true },
  ...[process.execPath, ...(wanted.node ?? [])].flatMap(oddCases),
].filter(({ name }) => name.includes(wanted.only ?? ''));

/** A folder with an odd name, production and a dead proxy: as this user, and as another one. */
function oddCases(node) {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  const odd = { folder: ODD_FOLDER, node, env: { NODE_ENV: 'production' } };
  const asUser = { ...odd, uid: Number(wanted.uid), startEnv: { ...DEAD_PROXY, ...EXCEPT_HERE } };
  return [
    { ...odd, name: `${version}, odd folder, production, proxy`, startEnv: DEAD_PROXY },
    ...(wanted.uid
      ? [{ ...asUser, name: `${version}, user ${wanted.uid}, odd folder, production, proxy but here` }]
      : []),
  ];
}

let port = 21_000 + (process.pid % 1000);
let failed = 0;
for (const one of cases) {
  const base = mkdtempSync(join(tmpdir(), 'ktpflow-try-'));
  const startedAt = Date.now();
  const result = await tryCase(one, base).then(
    (notes) => ['ok', ...notes].join('; '),
    (error) => {
      failed++;
      return `FAILED: ${error.message}`;
    },
  );
  rmSync(base, { recursive: true, force: true });
  console.log(`${one.name}: ${result} (${Math.round((Date.now() - startedAt) / 1000)} s)`);
}
process.exitCode = failed === 0 ? 0 : 1;

async function tryCase(one, base) {
  const checkout = join(base, one.folder);
  const home = join(base, 'user');
  const temporary = join(base, 'temporary');
  for (const folder of [dirname(checkout), home, temporary]) mkdirSync(folder, { recursive: true });
  await run('git', ['clone', '--quiet', root, checkout], { timeout: 60_000 });
  if (one.uid !== undefined) {
    chmodSync(base, 0o755);
    for (const name of ['.', ...readdirSync(base, { recursive: true })]) chownSync(join(base, name), one.uid, one.uid);
  }
  const environment = {
    ...process.env,
    ...one.env,
    ...(one.node ? { PATH: [dirname(one.node), process.env.PATH].join(delimiter) } : {}),
    ...(one.uid === undefined ? {} : { HOME: home }),
    TMPDIR: temporary,
  };
  const options = { cwd: checkout, env: environment, uid: one.uid, gid: one.uid };
  const install = await run('npm', ['ci', '--prefer-offline', ...(one.install ?? [])], {
    ...options,
    timeout: INSTALL_MS,
  });
  refuseWarnings('npm ci', install);
  const notes = [];
  if (one.build) {
    const refused = await run('npm', ['start'], { ...options, timeout: 20_000, mayFail: true });
    if (!/^ktpflow: not built yet .+$/m.test(refused) || /^ +at /m.test(refused)) throw new Error(`said ${refused}`);
    await run('npm', ['run', 'build'], { ...options, timeout: INSTALL_MS });
  }
  for (const round of ['first', 'second']) {
    const env = { ...environment, ...one.startEnv, PORT: String(++port), LOG_LEVEL: 'warn' };
    // Twice another way: Ctrl-C, and what a service manager sends.
    notes.push(await tryStart({ ...options, env }, round, round === 'first' ? 'SIGINT' : 'SIGTERM'));
    const alive = processesIn(base);
    if (alive.length > 0) throw new Error(`still running after the ${round} stop: ${alive.join(', ')}`);
  }
  const left = readdirSync(temporary).filter((name) => !NOT_OURS.test(name));
  if (left.length > 0) throw new Error(`left in the temporary folder: ${left.join(', ')}`);
  const changed = await run('git', ['status', '--porcelain'], { ...options, timeout: 60_000 });
  if (changed !== '') throw new Error(`changed in the checkout: ${changed}`);
  const around = [...new Set([base, join(base, one.folder.split('/')[0])])].flatMap((path) => readdirSync(path));
  for (const name of ['temporal.db', 'C']) if (around.includes(name)) throw new Error(`${name} outside the home`);
  if (!existsSync(join(checkout, '.ktpflow', 'temporal.db'))) throw new Error('no temporal.db in the home');
  return notes;
}

/** Starts, reads a card, stops. */
async function tryStart(options, round, signal) {
  const startedAt = Date.now();
  const child = spawn('npm', ['start'], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const url = `http://127.0.0.1:${options.env.PORT}`;
  try {
    while (
      !(await fetch(`${url}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      ))
    ) {
      if (child.exitCode !== null) throw new Error(`the ${round} start ended: ${output}`);
      if (Date.now() - startedAt > START_MS) throw new Error(`the ${round} start is not ready: ${output}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    const form = new FormData();
    form.append('image', new Blob([readFileSync(join(root, 'examples/ktp-1.jpg'))]), 'ktp-1.jpg');
    const card = await (await fetch(`${url}/ktp-ocr/`, { method: 'POST', body: form })).json();
    if (card.nik !== '3504074906650000') throw new Error(`the ${round} start read ${JSON.stringify(card)}`);
    return `${round} start ${seconds} s`;
  } finally {
    const ended = once(child, 'close');
    if (child.exitCode === null && child.kill(signal)) await ended;
    refuseWarnings('npm start', output);
  }
}

function refuseWarnings(command, output) {
  const warnings = output.replaceAll(ONLY_FOR_NODE_22, '').match(WARNINGS);
  if (warnings) throw new Error(`${command} warned: ${warnings.join(' | ')}`);
}

/** Processes that work in a folder or were started from it; Linux only, elsewhere none are found. */
function processesIn(folder) {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((id) => {
      try {
        return [readlinkSync(`/proc/${id}/cwd`), readFileSync(`/proc/${id}/cmdline`, 'utf8')].some((text) =>
          text.includes(folder),
        );
      } catch {
        // Has ended meanwhile.
        return false;
      }
    });
}

async function run(command, args, { timeout, mayFail = false, ...options }) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], timeout });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const [code] = await once(child, 'close');
  if (code !== 0 && !mayFail) throw new Error(`${command} ${args.join(' ')}: ${output.slice(-1500)}`);
  return output;
}
